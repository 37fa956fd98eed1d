import { preferredAudioCodecs, preferredVideoCodecs } from './codecs';
import { withOpusParameters } from './sdp';

export type MediaState = 'connecting' | 'connected' | 'failed';

/** What is sent, in the order of the offer; screenSound is what the shared screen, window or tab plays. */
export type Outgoing = 'microphone' | 'camera' | 'screen' | 'screenSound';

export type OutgoingTracks = Readonly<Record<Outgoing, MediaStreamTrack | null>>;

export interface PeerOptions {
  /** Receive slots to ask for; never more than the server allows. */
  readonly audioSlots: number;
  readonly videoSlots: number;
  /** Relays, for lines on which UDP does not get through. */
  readonly iceServers: readonly RTCIceServer[];
  readonly sendOffer: (sdp: string) => void;
  readonly changed: (state: MediaState) => void;
}

/** Milliseconds an interrupted path may take to recover before it counts as failed. */
const patience = 5000;
/** Milliseconds in which the server has to answer the offer. */
const answerPatience = 8000;

/**
 * One RTCPeerConnection for one stay: offered once, answered once, never renegotiated. The order of the transceivers is the contract
 * of docs/signaling.md. A failed Peer is closed and replaced by a new one.
 */
export class Peer {
  private readonly connection: RTCPeerConnection;
  private readonly outgoing: Readonly<Record<Outgoing, RTCRtpTransceiver>>;
  private readonly incoming: readonly RTCRtpTransceiver[];
  private readonly streams = new Map<string, MediaStream>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private answered = false;
  private state: MediaState = 'connecting';

  constructor(private readonly options: PeerOptions) {
    const connection = new RTCPeerConnection({ iceServers: [...options.iceServers], bundlePolicy: 'max-bundle' });
    this.connection = connection;
    this.outgoing = {
      microphone: connection.addTransceiver('audio', { direction: 'sendonly', sendEncodings: [{ maxBitrate: 40_000, priority: 'high' }] }),
      camera: connection.addTransceiver('video', { direction: 'sendonly', sendEncodings: [{ maxBitrate: 600_000, maxFramerate: 24 }] }),
      screen: connection.addTransceiver('video', { direction: 'sendonly', sendEncodings: [{ maxBitrate: 2_000_000, maxFramerate: 30 }] }),
      screenSound: connection.addTransceiver('audio', { direction: 'sendonly', sendEncodings: [{ maxBitrate: 96_000 }] }),
    };
    const audio = Array.from({ length: options.audioSlots }, () => connection.addTransceiver('audio', { direction: 'recvonly' }));
    const video = Array.from({ length: options.videoSlots }, () => connection.addTransceiver('video', { direction: 'recvonly' }));
    this.incoming = [...audio, ...video];
    preferCodecs([this.outgoing.microphone, this.outgoing.screenSound, ...audio], preferredAudioCodecs, 'audio');
    preferCodecs([this.outgoing.camera, this.outgoing.screen, ...video], preferredVideoCodecs, 'video');
    connection.onconnectionstatechange = () => { this.follow(); };
  }

  /** Makes the offer and sends it; the Peer fails when no answer comes. */
  async offer(): Promise<void> {
    try {
      await this.connection.setLocalDescription(await this.connection.createOffer());
      if (this.connection.signalingState === 'closed') return;
      for (const { mid, receiver } of this.incoming) {
        if (mid !== null) this.streams.set(mid, new MediaStream([receiver.track]));
      }
      this.timer = setTimeout(() => { this.move('failed'); }, answerPatience);
      this.options.sendOffer(this.connection.localDescription?.sdp ?? '');
    } catch {
      this.move('failed');
    }
  }

  /** Applies the answer; a second one is ignored. */
  async answer(sdp: string): Promise<void> {
    if (this.answered) return;
    this.answered = true;
    clearTimeout(this.timer);
    try {
      await this.connection.setRemoteDescription({ type: 'answer', sdp: withOpusParameters(sdp, this.outgoing.screenSound.mid ?? undefined) });
    } catch {
      this.move('failed');
    }
  }

  get hasAnswer(): boolean {
    return this.answered;
  }

  /** Whether the server's answer is there and the media path works or is still being found: worth keeping when only the socket is lost. */
  get lives(): boolean {
    return this.answered && this.state !== 'failed' && this.connection.signalingState !== 'closed';
  }

  /** The stream of a receive slot, stable for the life of the Peer. */
  stream(mid: string): MediaStream | undefined {
    return this.streams.get(mid);
  }

  /** The streams of all audio slots, in order; empty before offer() has run. */
  get audioStreams(): readonly MediaStream[] {
    return this.incoming.flatMap(({ mid, receiver }) => {
      const stream = receiver.track.kind === 'audio' && mid !== null ? this.streams.get(mid) : undefined;
      return stream ? [stream] : [];
    });
  }

  /** The browser's statistics; undefined once the connection is closed. */
  async stats(): Promise<RTCStatsReport | undefined> {
    if (this.connection.signalingState === 'closed') return undefined;
    try {
      return await this.connection.getStats();
    } catch {
      return undefined;
    }
  }

  /** Sends a track, or nothing. A closed Peer ignores it. */
  async send(what: Outgoing, track: MediaStreamTrack | null): Promise<void> {
    try {
      await this.outgoing[what].sender.replaceTrack(track);
    } catch {
      // The connection was closed in between; its successor gets the track anew.
    }
  }

  close(): void {
    clearTimeout(this.timer);
    this.connection.onconnectionstatechange = null;
    this.connection.close();
  }

  private follow(): void {
    switch (this.connection.connectionState) {
      case 'connected':
        clearTimeout(this.timer);
        this.move('connected');
        break;
      case 'disconnected':
        clearTimeout(this.timer);
        this.timer = setTimeout(() => { this.move('failed'); }, patience);
        break;
      case 'failed':
        this.move('failed');
        break;
      case 'new':
      case 'connecting':
      case 'closed':
        break;
    }
  }

  private move(state: MediaState): void {
    if (this.state === state || this.state === 'failed' || this.connection.signalingState === 'closed') return;
    this.state = state;
    this.options.changed(state);
  }
}

function preferCodecs(
  transceivers: readonly RTCRtpTransceiver[],
  choose: (available: readonly RTCRtpCodec[]) => RTCRtpCodec[],
  kind: 'audio' | 'video',
): void {
  const codecs = choose(RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []);
  if (codecs.length === 0) return;
  for (const transceiver of transceivers) {
    // Older browsers lack the method or refuse the list; then they offer everything they have.
    try {
      transceiver.setCodecPreferences(codecs);
    } catch {
      return;
    }
  }
}
