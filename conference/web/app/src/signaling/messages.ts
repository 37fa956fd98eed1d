// The messages of docs/signaling.md, subprotocol kreisraum.1. What comes from the server gets these types only through decode.ts.

export const subprotocol = 'kreisraum.1';

export type Role = 'participant' | 'organiser';
export type VideoSource = 'camera' | 'screen';
export type ScreenShare = 'everyone' | 'organisers';

export interface Participant {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly mic: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  /** The connection broke and is waited for. */
  readonly away?: boolean;
}

export interface ChatMessage {
  readonly id: string;
  readonly from: string;
  readonly name: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface RoomInfo {
  readonly name: string;
  /** Only organisers get the code. */
  readonly code?: string;
  readonly maxParticipants: number;
  readonly screenShare: ScreenShare;
  readonly codeRequired: boolean;
  /** Nobody new comes in. */
  readonly locked?: boolean;
}

export interface AudioSlot {
  readonly mid: string;
  readonly participant: string;
}

export interface VideoSlot {
  readonly mid: string;
  readonly participant: string;
  readonly source: VideoSource;
}

export interface Want {
  readonly participant: string;
  readonly source: VideoSource;
  /** Device pixels. */
  readonly height: number;
}

export const refusals = [
  'room-invalid',
  'name-invalid',
  'login-required',
  'account-disabled',
  'room-full',
  'too-many-attempts',
  'busy',
  'bad-message',
  'probe-invalid',
  'removed',
] as const;
export type Refusal = (typeof refusals)[number];

export const endReasons = ['account-disabled', 'restart', 'replaced', 'slow', 'removed', 'moved'] as const;
export type EndReason = (typeof endReasons)[number];

export const roomErrors = ['screen-not-allowed', 'chat-invalid', 'chat-too-fast', 'code-invalid', 'not-allowed', 'media-failed'] as const;
export type RoomError = (typeof roomErrors)[number];

export const doorStates = ['waiting', 'code', 'locked'] as const;
export type DoorState = (typeof doorStates)[number];

export interface Joined {
  readonly type: 'joined';
  readonly self: string;
  readonly resume: string;
  readonly room: RoomInfo;
  readonly participants: readonly Participant[];
  readonly chat: readonly ChatMessage[];
  readonly slots: { readonly audio: number; readonly video: number };
  /** The media session of before goes on: no new offer. */
  readonly media?: boolean;
}

export type ServerMessage =
  /** Place in the queue for a bridge; 1 is next. */
  | { readonly type: 'queue'; readonly place: number }
  | { readonly type: 'door'; readonly state: DoorState; readonly wrong: boolean; readonly retryAfter: number }
  | { readonly type: 'refused'; readonly code: Refusal }
  | Joined
  | { readonly type: 'participantJoined'; readonly participant: Participant }
  | { readonly type: 'participantLeft'; readonly id: string }
  | {
      readonly type: 'participantState';
      readonly id: string;
      readonly mic: boolean;
      readonly camera: boolean;
      readonly screen: boolean;
    }
  | { readonly type: 'participantAway'; readonly id: string; readonly away: boolean }
  | { readonly type: 'answer'; readonly sdp: string }
  | { readonly type: 'slots'; readonly audio: readonly AudioSlot[]; readonly video: readonly VideoSlot[] }
  | { readonly type: 'speakers'; readonly ids: readonly string[] }
  | ({ readonly type: 'chat' } & ChatMessage)
  | { readonly type: 'code'; readonly code: string }
  | { readonly type: 'locked'; readonly locked: boolean }
  /** The room ends at `at` (milliseconds since 1970), because the server restarts. */
  | { readonly type: 'notice'; readonly kind: 'restart'; readonly at: number }
  | { readonly type: 'ended'; readonly reason: EndReason }
  | { readonly type: 'error'; readonly code: RoomError };

export interface Join {
  readonly type: 'join';
  readonly name: string;
  readonly role: Role;
  readonly code?: string;
  readonly resume?: string;
  /** The PeerConnection of before still runs. */
  readonly media?: boolean;
  /** What a removed person is known by under another name: 16 to 64 of A–Z a–z 0–9 _ -. */
  readonly device?: string;
}

export type ClientMessage =
  | Join
  | { readonly type: 'code'; readonly code: string }
  | { readonly type: 'offer'; readonly sdp: string }
  | { readonly type: 'view'; readonly want: readonly Want[] }
  | { readonly type: 'state'; readonly mic: boolean; readonly camera: boolean; readonly screen: boolean }
  | { readonly type: 'chat'; readonly text: string }
  | { readonly type: 'setCode'; readonly code: string }
  | { readonly type: 'setLock'; readonly locked: boolean }
  | { readonly type: 'remove'; readonly participant: string }
  | { readonly type: 'leave' };

/** Limits of docs/signaling.md, so that the page does not send what will be refused. */
export const limits = { name: 40, chat: 2000, codeMin: 4, codeMax: 32, want: 32 } as const;
