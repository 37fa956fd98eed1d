import { assertNever } from '../assertNever';
import type { MediaState } from '../rtc/peer';
import type {
  AudioSlot,
  ChatMessage,
  EndReason,
  Participant,
  Refusal,
  RoomError,
  RoomInfo,
  ServerMessage,
  VideoSlot,
} from '../signaling/messages';

export type Phase =
  | { readonly kind: 'connecting' }
  /** No bridge has room for the lesson yet; place 1 is next. */
  | { readonly kind: 'queue'; readonly place: number }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'locked' }
  | {
      readonly kind: 'code';
      readonly wrong: boolean;
      /** Milliseconds since 1970 from which another code may be tried; 0: at once. */
      readonly retryAt: number;
      /** A code was sent and is not answered yet. */
      readonly checking: boolean;
    }
  | { readonly kind: 'inside' }
  | { readonly kind: 'refused'; readonly code: Refusal }
  | { readonly kind: 'ended'; readonly reason: EndReason }
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

export type Notice = { readonly kind: 'room-error'; readonly code: RoomError } | { readonly kind: 'audio-blocked' };

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
}

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
  | { readonly type: 'left' };

export function reduceRoom(state: RoomState, action: RoomAction): RoomState {
  switch (action.type) {
    case 'server':
      return receive(state, action.message, action.now);
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
    case 'left':
      return { ...initialRoom, phase: { kind: 'left' }, link: 'ok', room: withoutCode(state.room) };
    default:
      return assertNever(action);
  }
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
        unread: state.chatOpen ? 0 : state.unread + newMessages(state.chat, message.chat, message.self, state.self),
        chat: message.chat,
      };
    case 'participantJoined':
      return { ...ok, participants: [...ok.participants.filter((p) => p.id !== message.participant.id), message.participant] };
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
      const { id, from, name, text, at } = message;
      const unread = ok.chatOpen || from === ok.self ? ok.unread : ok.unread + 1;
      return { ...ok, chat: [...ok.chat, { id, from, name, text, at }], unread };
    }
    case 'code':
      return ok.room ? { ...ok, room: { ...ok.room, code: message.code } } : ok;
    case 'locked':
      return ok.room ? { ...ok, room: { ...ok.room, locked: message.locked } } : ok;
    case 'notice':
      return ok.restart?.at === message.at ? ok : { ...ok, restart: { at: message.at, dismissed: false } };
    case 'ended':
      return { ...initialRoom, link: 'ok', phase: { kind: 'ended', reason: message.reason } };
    case 'error':
      // A failed offer is tried again; the session says so when trying does not help.
      if (message.code === 'media-failed') return ok;
      return { ...ok, notice: { kind: 'room-error', code: message.code } };
    default:
      return assertNever(message);
  }
}

function atDoor(state: RoomState, door: Extract<ServerMessage, { type: 'door' }>, now: number): RoomState {
  if (door.state !== 'code') return beforeRoom(state, { kind: door.state });
  const retryAt = door.retryAfter > 0 ? now + door.retryAfter * 1000 : 0;
  return beforeRoom(state, { kind: 'code', wrong: door.wrong, retryAt, checking: false });
}

/** Somebody before the room sees nothing of it, also when they were inside before. */
function beforeRoom(state: RoomState, phase: Phase): RoomState {
  return { ...initialRoom, link: state.link, peer: state.peer, restart: state.restart, phase };
}

/** How many messages are new after joining again; the first join counts none, its history is no news. */
function newMessages(old: readonly ChatMessage[], all: readonly ChatMessage[], self: string, formerSelf: string): number {
  if (formerSelf === '') return 0;
  const known = new Set(old.map((c) => c.id));
  return all.filter((c) => !known.has(c.id) && c.from !== self).length;
}

function withoutCode(room: RoomInfo | undefined): RoomInfo | undefined {
  if (!room) return undefined;
  const { name, maxParticipants, screenShare, codeRequired } = room;
  return { name, maxParticipants, screenShare, codeRequired };
}

export function selfOf(state: RoomState): Participant | undefined {
  return state.participants.find((p) => p.id === state.self);
}

export function mayShareScreen(state: RoomState): boolean {
  return state.room?.screenShare === 'everyone' || selfOf(state)?.role === 'organiser';
}

export function slotOf(state: RoomState, participant: string, source: VideoSlot['source']): string | undefined {
  return state.videoSlots.find((s) => s.participant === participant && s.source === source)?.mid;
}
