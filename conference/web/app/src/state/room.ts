import { assertNever } from '../assertNever';
import type { MediaState } from '../rtc/peer';
import type {
  AudioSlot,
  ChatMessage,
  EndReason,
  Participant,
  ReactionKind,
  Refusal,
  Report,
  RoomInfo,
  ServerMessage,
  Settings,
  VideoSlot,
  Visitor,
} from '../signaling/messages';
import type { Stay } from './attendance';
import { attend } from './attendance';
import type { Notice } from './notice';
import { noticeAfter } from './notice';
import { may, openSettings } from './rights';

interface AtDoor {
  /** Was inside before, and was sent here. */
  readonly sentBack: boolean;
  /** Came with a login, but this is another teacher's lesson. */
  readonly taken: boolean;
}

export type Phase =
  | { readonly kind: 'connecting' }
  /** No bridge has room for the lesson yet; place 1 is next. */
  | { readonly kind: 'queue'; readonly place: number }
  | ({ readonly kind: 'waiting' } & AtDoor)
  | ({ readonly kind: 'locked' } & AtDoor)
  | ({ readonly kind: 'lobby' } & AtDoor)
  | {
      readonly kind: 'code';
      readonly taken: boolean;
      readonly wrong: boolean;
      /** Milliseconds since 1970 from which another code may be tried; 0: at once. */
      readonly retryAt: number;
      /** A code was sent and is not answered yet. */
      readonly checking: boolean;
    }
  | { readonly kind: 'inside' }
  | { readonly kind: 'refused'; readonly code: Refusal }
  | {
      readonly kind: 'ended';
      readonly reason: EndReason;
      /** What the server found after the end; for organisers. */
      readonly report?: Report;
    }
  | { readonly kind: 'left' };

/**
 * The connection to the server. While it is being mended nothing is said: most interruptions are over before anybody could read about
 * them. What is lost longer is `lost`, and `gaveUp` needs somebody to press a button.
 */
export type Link = 'ok' | 'mending' | 'lost' | 'gaveUp';

/** The announced restart that ends the room. */
export interface Restart {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly dismissed: boolean;
}

/** Somebody's reaction, shown for a few seconds. */
export interface Reaction {
  readonly key: number;
  readonly id: string;
  readonly kind: ReactionKind;
}

/** One stay in a room as the page shows it. */
export interface RoomState {
  readonly phase: Phase;
  readonly link: Link;
  readonly self: string;
  readonly room: RoomInfo | undefined;
  /** In the order of the server: who came first stands first. */
  readonly participants: readonly Participant[];
  readonly chat: readonly ChatMessage[];
  readonly unread: number;
  readonly chatOpen: boolean;
  readonly audioSlots: readonly AudioSlot[];
  readonly videoSlots: readonly VideoSlot[];
  /** Loudest first. */
  readonly speakers: readonly string[];
  readonly media: MediaState | 'none';
  /** Grows with every new PeerConnection, whose streams replace all earlier ones. */
  readonly peer: number;
  readonly notice: Notice | undefined;
  readonly restart: Restart | undefined;
  readonly settings: Settings;
  readonly emergency: boolean;
  /** Milliseconds since 1970 until which the lesson waits for an organiser; undefined: it goes on. */
  readonly pause: number | undefined;
  /** Who waits in the lobby, for organisers; who came first stands first. */
  readonly lobby: readonly Visitor[];
  readonly reactions: readonly Reaction[];
  /** What an organiser's page has seen; kept after the end, so that it can still be saved, and gone with the page. */
  readonly attendance: readonly Stay[];
}

/** More are not shown at once. */
const mostReactions = 12;

export const initialRoom: RoomState = {
  phase: { kind: 'connecting' },
  link: 'mending',
  self: '',
  room: undefined,
  participants: [],
  chat: [],
  unread: 0,
  chatOpen: false,
  audioSlots: [],
  videoSlots: [],
  speakers: [],
  media: 'none',
  peer: 0,
  notice: undefined,
  restart: undefined,
  settings: openSettings,
  emergency: false,
  pause: undefined,
  lobby: [],
  reactions: [],
  attendance: [],
};

export type RoomAction =
  | { readonly type: 'server'; readonly message: ServerMessage; readonly now: number }
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'codeSent' }
  | { readonly type: 'chatOpen'; readonly open: boolean }
  | { readonly type: 'peer' }
  | { readonly type: 'media'; readonly state: MediaState }
  | { readonly type: 'notice'; readonly notice: Notice | undefined }
  | { readonly type: 'restart'; readonly dismissed: boolean }
  | { readonly type: 'reactionOver'; readonly key: number }
  | { readonly type: 'left'; readonly now: number };

export function reduceRoom(state: RoomState, action: RoomAction): RoomState {
  switch (action.type) {
    case 'server':
      return watchOver(withNotice(state, receive(state, action.message, action.now)), action.now);
    case 'link':
      return state.link === action.link ? state : { ...state, link: action.link };
    case 'codeSent':
      return state.phase.kind === 'code' ? { ...state, phase: { ...state.phase, checking: true, wrong: false } } : state;
    case 'chatOpen':
      return { ...state, chatOpen: action.open, unread: action.open ? 0 : state.unread };
    case 'peer':
      return { ...state, peer: state.peer + 1, media: 'connecting', audioSlots: [], videoSlots: [], speakers: [] };
    case 'media':
      return { ...state, media: action.state };
    case 'notice':
      return { ...state, notice: action.notice };
    case 'restart':
      return state.restart ? { ...state, restart: { ...state.restart, dismissed: action.dismissed } } : state;
    case 'reactionOver':
      return { ...state, reactions: state.reactions.filter((r) => r.key !== action.key) };
    case 'left':
      return {
        ...initialRoom, phase: { kind: 'left' }, link: 'ok', room: withoutCode(state.room), attendance: attend(state.attendance, [], action.now),
      };
    default:
      return assertNever(action);
  }
}

function withNotice(before: RoomState, after: RoomState): RoomState {
  const notice = noticeAfter(before, after);
  return notice === after.notice ? after : { ...after, notice };
}

/** Organisers' pages note who is there. */
function watchOver(state: RoomState, now: number): RoomState {
  const watching = state.phase.kind === 'inside' && selfOf(state)?.role === 'organiser';
  const over = state.phase.kind === 'ended';
  if (!watching && !over) return state;
  const attendance = attend(state.attendance, over ? [] : state.participants, now);
  return attendance === state.attendance ? state : { ...state, attendance };
}

function receive(state: RoomState, message: ServerMessage, now: number): RoomState {
  const ok: RoomState = state.link === 'ok' ? state : { ...state, link: 'ok' };
  switch (message.type) {
    case 'queue':
      return beforeRoom(ok, { kind: 'queue', place: message.place });
    case 'door':
      return atDoor(ok, message, now);
    case 'refused':
      return { ...initialRoom, link: 'ok', phase: { kind: 'refused', code: message.code } };
    case 'joined':
      return {
        ...ok,
        phase: { kind: 'inside' },
        self: message.self,
        room: message.room,
        participants: message.participants,
        settings: message.settings,
        emergency: message.emergency,
        pause: message.pause,
        lobby: message.lobby,
        unread: state.chatOpen ? 0 : state.unread + newMessages(state.chat, message.chat, message.self, state.self),
        chat: message.chat,
      };
    case 'participantJoined':
      return { ...ok, participants: inPlace([...ok.participants.filter((p) => p.id !== message.participant.id), message.participant]) };
    case 'participantChanged': {
      const { participant } = message;
      const before = ok.participants.find((p) => p.id === participant.id);
      const away = participant.away ?? before?.away;
      const next = away === undefined ? participant : { ...participant, away };
      const participants = ok.participants.map((p) => (p.id === participant.id ? next : p));
      // Who is no organiser any more has no business with the lobby, the code and the list.
      if (participant.id !== ok.self || participant.role === 'organiser') return { ...ok, participants };
      return { ...ok, participants, lobby: [], room: withoutCode(ok.room), attendance: [] };
    }
    case 'participantLeft':
      return {
        ...ok,
        participants: ok.participants.filter((p) => p.id !== message.id),
        speakers: ok.speakers.filter((id) => id !== message.id),
      };
    case 'participantState': {
      const { id, mic, camera, screen } = message;
      return { ...ok, participants: ok.participants.map((p) => (p.id === id ? { ...p, mic, camera, screen } : p)) };
    }
    case 'participantAway': {
      const { id, away } = message;
      return { ...ok, participants: ok.participants.map((p) => (p.id === id ? { ...p, away } : p)) };
    }
    case 'answer':
      return ok;
    case 'slots':
      return { ...ok, audioSlots: message.audio, videoSlots: message.video };
    case 'speakers':
      return { ...ok, speakers: message.ids };
    case 'chat': {
      if (ok.chat.some((c) => c.id === message.id)) return ok;
      const { id, from, name, text, at, to } = message;
      const said: ChatMessage = { id, from, name, text, at, ...(to === undefined ? {} : { to }) };
      const unread = ok.chatOpen || from === ok.self ? ok.unread : ok.unread + 1;
      return { ...ok, chat: [...ok.chat, said], unread };
    }
    case 'code':
      return ok.room ? { ...ok, room: { ...ok.room, code: message.code } } : ok;
    case 'settings': {
      const { locked, lobby, microphones, cameras, camerasTo, screens, chat, privateChat } = message;
      return { ...ok, settings: { locked, lobby, microphones, cameras, camerasTo, screens, chat, privateChat } };
    }
    case 'emergency':
      return { ...ok, emergency: message.on };
    case 'pause':
      return { ...ok, pause: message.until };
    case 'muted':
      return { ...ok, notice: { kind: 'muted', source: message.source, why: message.why } };
    case 'visitor': {
      const { id, name, unchecked } = message;
      const visitor: Visitor = { id, name, ...(unchecked === undefined ? {} : { unchecked }) };
      const known = ok.lobby.some((v) => v.id === id);
      return { ...ok, lobby: known ? ok.lobby.map((v) => (v.id === id ? visitor : v)) : [...ok.lobby, visitor] };
    }
    case 'visitorGone':
      return { ...ok, lobby: ok.lobby.filter((v) => v.id !== message.id) };
    case 'reaction': {
      const key = (ok.reactions.at(-1)?.key ?? 0) + 1;
      return { ...ok, reactions: [...ok.reactions, { key, id: message.id, kind: message.kind }].slice(-mostReactions) };
    }
    case 'ice':
      return ok;
    case 'notice':
      return ok.restart?.at === message.at ? ok : { ...ok, restart: { at: message.at, dismissed: false } };
    case 'ended':
      return {
        ...initialRoom, link: 'ok', attendance: ok.attendance,
        phase: { kind: 'ended', reason: message.reason, ...(message.report ? { report: message.report } : {}) },
      };
    case 'error':
      // A failed offer is tried again; the session says so when trying does not help.
      if (message.code === 'media-failed') return ok;
      return { ...ok, notice: { kind: 'room-error', code: message.code } };
    default:
      return assertNever(message);
  }
}

function atDoor(state: RoomState, door: Extract<ServerMessage, { type: 'door' }>, now: number): RoomState {
  const { taken } = door;
  const { phase } = state;
  if (door.state !== 'code') {
    const sentBack = phase.kind === 'inside' || ('sentBack' in phase && phase.sentBack);
    return beforeRoom(state, { kind: door.state, taken, sentBack });
  }
  const retryAt = door.retryAfter > 0 ? now + door.retryAfter * 1000 : 0;
  return beforeRoom(state, { kind: 'code', wrong: door.wrong, retryAt, checking: false, taken });
}

/** Somebody before the room sees nothing of it, also when they were inside before. */
function beforeRoom(state: RoomState, phase: Phase): RoomState {
  return { ...initialRoom, link: state.link, peer: state.peer, restart: state.restart, attendance: state.attendance, phase };
}

/** In the order of the places that the server gave out: who comes back stands where they stood. Without a place one stands last. */
function inPlace(participants: readonly Participant[]): readonly Participant[] {
  const place = (p: Participant): number => p.place ?? Number.MAX_SAFE_INTEGER;
  return [...participants].sort((a, b) => place(a) - place(b));
}

/** How many messages are new after joining again; the first join counts none, its history is no news. */
function newMessages(old: readonly ChatMessage[], all: readonly ChatMessage[], self: string, formerSelf: string): number {
  if (formerSelf === '') return 0;
  const known = new Set(old.map((c) => c.id));
  return all.filter((c) => !known.has(c.id) && c.from !== self).length;
}

function withoutCode(room: RoomInfo | undefined): RoomInfo | undefined {
  if (!room) return undefined;
  const { name, title, maxParticipants, screenShare, codeRequired } = room;
  return { name, maxParticipants, screenShare, codeRequired, ...(title === undefined ? {} : { title }) };
}

export function selfOf(state: RoomState): Participant | undefined {
  return state.participants.find((p) => p.id === state.self);
}

export function isOrganiser(state: RoomState): boolean {
  return selfOf(state)?.role === 'organiser';
}

/** What the room is called: the owner's title, else its address. */
export function titleOf(room: RoomInfo | undefined): string {
  return room?.title ?? room?.name ?? '';
}

/** Raised hands in the order in which they went up. */
export function raisedHands(participants: readonly Participant[]): readonly Participant[] {
  return participants.filter((p) => p.hand !== undefined).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
}

export function mayShareScreen(state: RoomState): boolean {
  return may(selfOf(state), state.settings, 'screen');
}

export function slotOf(state: RoomState, participant: string, source: VideoSlot['source']): string | undefined {
  return state.videoSlots.find((s) => s.participant === participant && s.source === source)?.mid;
}
