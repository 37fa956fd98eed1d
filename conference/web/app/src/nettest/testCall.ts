// A call to the server and back for the network test: signalling over its own WebSocket, one PeerConnection, a test picture.
import { preferredAudioCodecs, preferredVideoCodecs } from '../rtc/codecs';
import type { TestMessage, TestRelay } from '../signaling/nettest';
import { decodeTestMessage, serversIn, testSocketURL } from '../signaling/nettest';
import { pathOfPair, sampleOf } from './measures';
import type { Attempt } from './networkTest';
import { startPicture } from './picture';
import { within } from './within';

/** Milliseconds for each stage; a firewall that drops packets gives no sooner answer. */
const patience = { socket: 8000, message: 8000, media: 8000 };
/** The most the test sends, in bits per second: a camera and a shared screen together. */
const most = 2_500_000;


interface Conversation {
  readonly socket: WebSocket;
  /** The next message of a type; 'over' when the server ended the test first. */
  readonly next: <T extends TestMessage['type']>(type: T) => Promise<Extract<TestMessage, { type: T }> | 'over'>;
}

/** Tries a call, over UDP alone or over the relay alone. Never rejects. */
export async function openTestCall(relayOnly: boolean, signal: AbortSignal): Promise<Attempt> {
  const conversation = await within(patience.socket, signal, converse());
  if (!conversation) return (await isBusy()) ? 'busy' : 'noSocket';
  const attempt = await tryMedia(conversation, relayOnly, signal);
  if (typeof attempt !== 'object') conversation.socket.close();
  return attempt;
}

/** Browsers do not say why a WebSocket was refused; the same address without one does. */
async function isBusy(): Promise<boolean> {
  try {
    const { status } = await fetch('/api/nettest/ws', { signal: AbortSignal.timeout(patience.message), cache: 'no-store' });
    return status === 429 || status === 503;
  } catch {
    return false;
  }
}

function converse(): Promise<Conversation> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(testSocketURL(window.location));
    const kept: TestMessage[] = [];
    const waiting = new Map<TestMessage['type'], (message: TestMessage | 'over') => void>();
    let ended = false;
    const end = (): void => {
      ended = true;
      for (const answer of waiting.values()) answer('over');
      reject(new Error('the WebSocket was closed'));
    };
    socket.onmessage = (event: MessageEvent) => {
      const message = typeof event.data === 'string' ? decodeTestMessage(event.data) : undefined;
      if (!message) return;
      if (message.type === 'over') end();
      const answer = waiting.get(message.type);
      waiting.delete(message.type);
      if (answer) answer(message);
      else kept.push(message);
    };
    socket.onclose = end;
    socket.onopen = () => {
      resolve({
        socket,
        next: <T extends TestMessage['type']>(type: T) => new Promise<Extract<TestMessage, { type: T }> | 'over'>((answer) => {
          const has = kept.find((message) => message.type === type);
          if (has) answer(has as Extract<TestMessage, { type: T }>);
          else if (ended) answer('over');
          else waiting.set(type, answer as (message: TestMessage | 'over') => void);
        }),
      });
    };
  });
}

async function tryMedia({ socket, next }: Conversation, relayOnly: boolean, signal: AbortSignal): Promise<Attempt> {
  const ice = relayOnly ? await within(patience.message, signal, next('ice')) : undefined;
  if (ice === 'over') return 'busy';
  if (relayOnly && (ice === undefined || ice.relay.urls.length === 0)) return 'no';
  const picture = startPicture();
  if (!picture) return 'no';
  const connection = new RTCPeerConnection({ ...relayOf(ice?.relay), bundlePolicy: 'max-bundle' });
  const close = (): void => {
    connection.close();
    picture.stop();
    socket.close();
  };
  const give = (attempt: Attempt): Attempt => {
    if (typeof attempt !== 'object') close();
    return attempt;
  };
  const connected = whenConnected(connection);
  socket.send(JSON.stringify({ type: 'offer', sdp: await offerOf(connection, picture.track) }));
  const answer = await within(patience.message, signal, next('answer'));
  if (answer === 'over') return give('busy');
  if (answer === undefined) return give('no');
  try {
    await connection.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
  } catch {
    return give('no');
  }
  if (!(await within(patience.media, signal, connected))) return give('no');
  const reports = async (): Promise<Record<string, unknown>[]> => [...(await connection.getStats()).values()] as Record<string, unknown>[];
  return {
    path: pathOfPair(await reports()) ?? (relayOnly ? 'tls' : 'udp'),
    servers: serversIn(answer.sdp),
    sample: async () => sampleOf(await reports(), performance.now()),
    close,
  };
}

const relayOf = (relay: TestRelay | undefined): RTCConfiguration =>
  relay
    ? { iceServers: [{ urls: [...relay.urls], username: relay.username, credential: relay.credential }], iceTransportPolicy: 'relay' }
    : { iceServers: [] };

/** The order of the transceivers is that of a lesson's offer (docs/signaling.md): microphone, camera, screen, screen sound, then what is received. */
async function offerOf(connection: RTCPeerConnection, track: MediaStreamTrack): Promise<string> {
  const audio = connection.addTransceiver('audio', { direction: 'sendonly' });
  const camera = connection.addTransceiver(track, { direction: 'sendonly', sendEncodings: [{ maxBitrate: most }] });
  const screen = connection.addTransceiver('video', { direction: 'sendonly' });
  const sound = connection.addTransceiver('audio', { direction: 'sendonly' });
  const hear = connection.addTransceiver('audio', { direction: 'recvonly' });
  const see = connection.addTransceiver('video', { direction: 'recvonly' });
  prefer([audio, sound, hear], preferredAudioCodecs(RTCRtpReceiver.getCapabilities('audio')?.codecs ?? []));
  prefer([camera, screen, see], preferredVideoCodecs(RTCRtpReceiver.getCapabilities('video')?.codecs ?? []));
  await connection.setLocalDescription(await connection.createOffer());
  return connection.localDescription?.sdp ?? '';
}

function prefer(transceivers: readonly RTCRtpTransceiver[], codecs: RTCRtpCodec[]): void {
  for (const transceiver of transceivers) {
    try {
      if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
    } catch {
      return; // older browsers offer everything they have
    }
  }
}

function whenConnected(connection: RTCPeerConnection): Promise<true> {
  return new Promise((resolve) => {
    connection.onconnectionstatechange = () => { if (connection.connectionState === 'connected') resolve(true); };
  });
}
