import { AudioOutput } from '../rtc/audioOutput';
import { forgetJoin, markFirstPicture, markJoin } from '../rtc/firstPicture';
import { LineWatch } from '../rtc/lineWatch';
import type { LocalMedia } from '../rtc/localMedia';
import type { MediaState } from '../rtc/peer';
import { Peer } from '../rtc/peer';
import { Relay } from '../rtc/relay';
import type { VisibleTile } from '../rtc/view';
import { wantedSlots } from '../rtc/view';
import { ViewRequests } from '../rtc/viewRequests';
import { backoffDelay } from '../signaling/backoff';
import type { Join, Joined, LineLevel, Order, ReactionKind, Role, ServerMessage } from '../signaling/messages';
import { Connection } from '../signaling/connection';
import type { OpenSocket } from '../signaling/socket';
import { rememberedDevice, rememberedReload, rememberedReturn, rememberReload, rememberReturn } from './memory';
import { OwnMedia } from './ownMedia';
import { Passing } from './passing';
import type { Notice } from './notice';
import { settledBy } from './notice';
import type { Link, RoomAction, RoomState } from './room';
import { initialRoom, isOrganiser, reduceRoom } from './room';
import type { Readable } from './store';
import { Store } from './store';

export interface SessionOptions {
  readonly room: string;
  readonly url: string;
  readonly name: string;
  readonly role: Role;
  readonly media: LocalMedia;
  /** A phone asks for fewer video slots. */
  readonly phone: boolean;
  readonly openSocket?: OpenSocket;
  /** Loads the page anew when the server says that it is out of date. */
  readonly reload?: () => void;
}

/** Milliseconds of interruption that are not worth a word. */
const quiet = 1500;
/** Milliseconds before the room's end at which a dismissed announcement comes back. */
const restartSoon = 5 * 60_000;
/** Milliseconds that somebody's reaction is on the page. */
const reactionShown = 5000;
/** Milliseconds; setTimeout knows no more (HTML, "timer initialisation steps": a 32-bit integer). */
const longestTimer = 2 ** 31 - 1;
const peerBackoff = { first: 500, longest: 15_000 };

/**
 * One stay in a room, from the click on "Beitreten" to the goodbye. Owns the connection, the PeerConnection and the audio elements;
 * the page reads its store and calls its methods. Socket and PeerConnection fail and are repaired apart from each other: a lost socket
 * leaves picture and sound as they are.
 */
export class Session implements Readable<RoomState> {
  private readonly store = new Store<RoomState, RoomAction>(initialRoom, reduceRoom);
  private readonly connection: Connection;
  private readonly audio: AudioOutput;
  private readonly stopListening: () => void;
  private peer: Peer | undefined;
  private joined: Joined | undefined;
  private resume: string | undefined;
  /** The room code as an organiser knows it, or as it was typed at the door. */
  private code: string | undefined;
  private quietTimer: ReturnType<typeof setTimeout> | undefined;
  private restartTimer: ReturnType<typeof setTimeout> | undefined;
  private peerRetry: ReturnType<typeof setTimeout> | undefined;
  private peerFailures = 0;
  private over = false;
  private readonly relay = new Relay(() => this.connection.send({ type: 'ice' }));
  private readonly reactions = new Passing(reactionShown, (key) => { this.store.dispatch({ type: 'reactionOver', key }); });
  private readonly view: ViewRequests;
  private readonly own: OwnMedia;

  /** How good the own line is and which way it takes. */
  readonly line = new LineWatch((level) => this.sendLine(level));

  readonly getState = this.store.getState;
  readonly subscribe = this.store.subscribe;

  constructor(private readonly options: SessionOptions) {
    markJoin();
    const back = rememberedReturn(options.room);
    if (back?.role === options.role) this.resume = back.resume;
    this.audio = new AudioOutput(wantedSlots(options.phone).audio, (blocked) => { this.noteBlockedAudio(blocked); });
    this.audio.setSpeaker(options.media.getState().chosen.speaker);
    this.connection = new Connection({
      url: options.url,
      join: () => this.join(),
      openSocket: options.openSocket ?? ((url, protocol) => new WebSocket(url, protocol)),
      events: {
        message: (message) => { this.receive(message); },
        lost: () => { this.lost(); },
        gaveUp: () => { this.setLink('gaveUp'); },
      },
      // The restart that was announced ends the room; any other one is somebody's mishap and the lesson goes on.
      final: (reason) => reason === 'restart' && this.store.getState().restart !== undefined,
    });
    this.view = new ViewRequests(wantedSlots(options.phone).video, looking, (want) => {
      if (this.peer) this.connection.send({ type: 'view', want });
      return this.peer !== undefined;
    });
    this.own = new OwnMedia(options.media, () => {
      const state = this.store.getState();
      return state.phase.kind === 'inside' ? state : undefined;
    }, (message) => { this.connection.send(message); });
    this.stopListening = this.listen();
  }

  start(): void {
    this.connection.start();
  }

  /** What was typed last at the door, for a field that comes back. */
  get typedCode(): string {
    return this.code ?? '';
  }

  sendCode(code: string): void {
    markJoin();
    this.code = code;
    this.store.dispatch({ type: 'codeSent' });
    this.connection.send({ type: 'code', code });
  }

  /** To one person, or to all. Whether the message is on its way; without a connection it is not sent later either. */
  sendChat(text: string, to?: string): boolean {
    return this.connection.send({ type: 'chat', text, ...(to === undefined ? {} : { to }) });
  }

  raiseHand(up: boolean): void {
    this.connection.send({ type: 'hand', up });
  }

  react(kind: ReactionKind): void {
    this.connection.send({ type: 'react', kind });
  }

  /** How the own line is, at most once in two seconds. */
  sendLine(level: LineLevel): boolean {
    return this.joined !== undefined && this.connection.send({ type: 'line', level });
  }

  /** What an organiser settles; the answer shows in the state. Whether it is on its way. */
  order(order: Order): boolean {
    return this.connection.send(order);
  }

  setChatOpen(open: boolean): void {
    this.store.dispatch({ type: 'chatOpen', open });
  }

  /** Says why something cannot be done just now. */
  explain(words: string): void {
    this.store.dispatch({ type: 'notice', notice: { kind: 'explained', words } });
  }

  dismissNotice(): void {
    this.store.dispatch({ type: 'notice', notice: undefined });
  }

  dismissRestart(): void {
    this.store.dispatch({ type: 'restart', dismissed: true });
  }

  /** Must be called from a gesture. */
  async resumeAudio(): Promise<void> {
    this.dismissNotice();
    await this.audio.resume();
  }

  retryNow(): void {
    if (this.store.getState().link === 'gaveUp') this.setLink('lost');
    this.connection.retryNow();
  }

  /** Which tiles are on the page; what changed is asked for after a short pause. */
  setVisible(tiles: readonly VisibleTile[]): void {
    this.view.show(tiles);
  }

  stream(mid: string): MediaStream | undefined {
    return this.peer?.stream(mid);
  }

  firstPicture(): void {
    markFirstPicture();
  }

  leave(): void {
    this.connection.send({ type: 'leave' });
    rememberReturn(this.options.room, undefined);
    this.store.dispatch({ type: 'left', now: Date.now() });
    this.close();
  }

  /** Gives everything up without saying goodbye; idempotent. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.stopListening();
    this.view.close();
    clearTimeout(this.quietTimer);
    clearTimeout(this.restartTimer);
    this.reactions.close();
    this.connection.close();
    this.closePeer();
    this.line.close();
    this.audio.close();
  }

  private listen(): () => void {
    const shown = (): void => {
      this.view.soon();
      if (document.visibilityState !== 'visible') return;
      this.retryNow();
      void this.options.media.revive();
    };
    const online = (): void => { this.retryNow(); };
    const mediaChanged = this.options.media.subscribe(() => { this.followMedia(); });
    document.addEventListener('visibilitychange', shown);
    window.addEventListener('online', online);
    return () => {
      mediaChanged();
      document.removeEventListener('visibilitychange', shown);
      window.removeEventListener('online', online);
    };
  }

  private join(): Join {
    const { name, role } = this.options;
    const { resume, code } = this;
    const join: Join = { type: 'join', name, role, device: rememberedDevice() };
    // Who typed the code waits in the lobby or for the teacher: a lost line must not ask for it again.
    if (resume === undefined) return { ...join, ...(code ? { code } : {}) };
    // Inside, the plain code is known to organisers' pages only: a room whose bridge died learns it from them.
    const known = isOrganiser(this.store.getState()) || role === 'organiser';
    return { ...join, resume, ...(known && code ? { code } : {}), ...(this.peer?.lives ? { media: true } : {}) };
  }

  private lost(): void {
    const { link } = this.store.getState();
    if (link === 'ok') this.setLink('mending');
    if (link === 'lost' || link === 'gaveUp') return;
    this.quietTimer ??= setTimeout(() => {
      this.quietTimer = undefined;
      this.setLink('lost');
    }, quiet);
  }

  private setLink(link: Link): void {
    if (link !== 'mending') this.endQuiet();
    this.store.dispatch({ type: 'link', link });
  }

  private endQuiet(): void {
    clearTimeout(this.quietTimer);
    this.quietTimer = undefined;
  }

  private receive(message: ServerMessage): void {
    if (message.type === 'refused' && message.code === 'outdated' && this.loadAnew()) return;
    const before = this.store.getState().phase.kind;
    this.endQuiet();
    this.store.dispatch({ type: 'server', message, now: Date.now() });
    this.own.obey();
    switch (message.type) {
      case 'joined':
        this.enter(message, before === 'waiting' || before === 'locked' || before === 'lobby' || before === 'queue');
        break;
      case 'queue':
        this.backBeforeRoom();
        break;
      case 'answer':
        if (this.peer && !this.peer.hasAnswer) void this.peer.answer(message.sdp);
        break;
      case 'door':
        rememberReload(false);
        this.backBeforeRoom();
        if (message.state === 'code') this.forgetWayBack(message.wrong);
        break;
      case 'code':
        this.code = message.code;
        break;
      case 'muted':
        this.own.switchOff(message.source);
        break;
      case 'reaction':
        this.showReaction();
        break;
      case 'ice':
        this.relay.take(message);
        break;
      case 'notice':
        this.awaitRestart(message.at);
        break;
      case 'refused':
      case 'ended':
        rememberReturn(this.options.room, undefined);
        this.close();
        break;
      case 'error':
        if (message.code === 'mic-not-allowed') this.own.switchOff('microphone');
        if (message.code === 'camera-not-allowed') this.own.switchOff('camera');
        if (message.code === 'screen-not-allowed') this.own.switchOff('screen');
        if (message.code === 'media-failed') this.peerFailed(true);
        break;
      case 'participantChanged':
        this.forgetNotice(); // the floor for somebody who speaks already
        break;
      case 'participantState':
      case 'participantJoined':
      case 'participantLeft':
      case 'participantAway':
      case 'slots':
      case 'speakers':
      case 'chat':
      case 'settings':
      case 'emergency':
      case 'pause':
      case 'visitor':
      case 'visitorGone':
        break;
    }
  }

  /** The first time that the page is found out of date it is loaded anew; the second time people are told. */
  private loadAnew(): boolean {
    if (rememberedReload()) return false;
    rememberReload(true);
    this.close();
    (this.options.reload ?? (() => { window.location.reload(); }))();
    return true;
  }

  /** Whoever is asked for the code has no pass, or none any more. Elsewhere at the door the pass is kept: with it one gets in without typing. */
  private forgetWayBack(wrong: boolean): void {
    this.resume = undefined;
    rememberReturn(this.options.room, undefined);
    if (wrong) this.code = undefined;
  }

  private showReaction(): void {
    const key = this.store.getState().reactions.at(-1)?.key;
    if (key !== undefined) this.reactions.begin(key);
  }

  private enter(joined: Joined, waited: boolean): void {
    if (waited) markJoin();
    const somethingToSee = joined.participants.some((p) => p.id !== joined.self && (p.camera || p.screen));
    if (!somethingToSee) forgetJoin();
    this.joined = joined;
    this.resume = joined.resume;
    this.code = joined.room.code ?? this.code;
    this.line.tellAgain();
    this.relay.stopWaiting();
    if (joined.ice) this.relay.take(joined.ice);
    rememberReload(false);
    rememberReturn(this.options.room, { resume: joined.resume, role: this.options.role });
    if (joined.media === true && this.peer?.lives) this.goOn();
    else this.newPeer();
  }

  /** The media session of before goes on; what was switched while nobody listened is told now. */
  private goOn(): void {
    this.own.tellAnew();
    this.view.anew(undefined);
  }

  private backBeforeRoom(): void {
    this.closePeer();
    this.joined = undefined;
  }

  private closePeer(): void {
    clearTimeout(this.peerRetry);
    this.relay.stopWaiting();
    this.peer?.close();
    this.peer = undefined;
    this.line.follow(undefined);
  }

  private awaitRestart(at: number): void {
    clearTimeout(this.restartTimer);
    const soon = at - restartSoon - Date.now();
    if (soon > 0) this.restartTimer = setTimeout(() => { this.store.dispatch({ type: 'restart', dismissed: false }); }, Math.min(soon, longestTimer));
  }

  /** A fresh PeerConnection, at the beginning and whenever the last one is beyond repair; with relay credentials that are not stale. */
  private newPeer(): void {
    clearTimeout(this.peerRetry);
    if (!this.over && this.joined) this.relay.whenReady(() => { this.openPeer(); });
  }

  private openPeer(): void {
    if (this.over || !this.joined) return;
    this.peer?.close();
    const { slots } = this.joined;
    const peer: Peer = new Peer({
      audioSlots: Math.min(wantedSlots(this.options.phone).audio, slots.audio),
      videoSlots: Math.min(wantedSlots(this.options.phone).video, slots.video),
      iceServers: this.relay.servers,
      sendOffer: (sdp) => {
        if (this.peer !== peer) return;
        this.audio.attach(peer.audioStreams);
        this.connection.send({ type: 'offer', sdp });
        this.own.tellAnew();
        this.followMedia();
        this.view.anew([]);
      },
      changed: (state) => {
        if (this.peer === peer) this.mediaChanged(state);
      },
    });
    this.peer = peer;
    this.line.follow(() => peer.stats());
    this.store.dispatch({ type: 'peer' });
    this.sendTracks();
    void peer.offer();
  }

  private mediaChanged(state: MediaState): void {
    this.store.dispatch({ type: 'media', state });
    if (state === 'connected') this.mediaWorks();
    if (state === 'failed') this.peerFailed(false);
  }

  private mediaWorks(): void {
    this.peerFailures = 0;
    const { notice } = this.store.getState();
    if (notice?.kind === 'room-error' && notice.code === 'media-failed') this.dismissNotice();
  }

  /**
   * An unanswered offer means that the socket is dead, whatever it says. Otherwise a new PeerConnection is tried on the same socket, with
   * growing pauses: chat goes on meanwhile. While the link is down nothing is done, joining again makes a new one anyway.
   */
  private peerFailed(refused: boolean): void {
    if (this.over || this.store.getState().link !== 'ok') return;
    const unanswered = this.peer?.hasAnswer === false && !refused;
    this.peerFailures += 1;
    if (this.peerFailures >= 3) this.store.dispatch({ type: 'notice', notice: { kind: 'room-error', code: 'media-failed' } });
    clearTimeout(this.peerRetry);
    if (unanswered) this.connection.reconnect();
    else this.peerRetry = setTimeout(() => { this.newPeer(); }, backoffDelay(this.peerFailures - 1, peerBackoff, Math.random));
  }

  private followMedia(): void {
    this.own.obey();
    this.sendTracks();
    this.own.tell();
    this.forgetNotice();
    this.audio.setSpeaker(this.options.media.getState().chosen.speaker);
  }

  private forgetNotice(): void {
    const { notice } = this.store.getState();
    if (notice && settledBy(notice, this.options.media.getState())) this.dismissNotice();
  }

  private sendTracks(): void {
    const { microphone, camera, screen, screenSound } = this.options.media.outgoing;
    void this.peer?.send('microphone', microphone);
    void this.peer?.send('camera', camera);
    void this.peer?.send('screen', screen);
    void this.peer?.send('screenSound', screenSound);
  }

  private noteBlockedAudio(blocked: boolean): void {
    const notice: Notice | undefined = blocked ? { kind: 'audio-blocked' } : undefined;
    if (blocked || this.store.getState().notice?.kind === 'audio-blocked') this.store.dispatch({ type: 'notice', notice });
  }
}

const looking = () => ({ shown: document.visibilityState === 'visible', pixelRatio: window.devicePixelRatio || 1 });
