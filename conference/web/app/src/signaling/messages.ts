// The messages of docs/signaling.md as the page handles them. Their shapes come from the server's own types (messages.gen.ts); what the server
// may leave out is filled in by decode.ts, through which everything goes that comes from the server.

import type * as wire from './messages.gen';

export {
  allowances, doorStates, endReasons, errorCodes as roomErrors, limits, lineLevels, mutedWhys, reactions as reactionKinds, refusalCodes as refusals,
  rights, sources, subprotocol,
} from './messages.gen';
export type {
  Allowance, Audience as ScreenShare, AudioSlot, Chat as ChatMessage, ClientMessage, DoorState, EndReason, ErrorCode as RoomError, Exceptions,
  ICE as Ice, LineLevel, MutedWhy as MuteReason, Participant, ReactionKind, RefusalCode as Refusal, Report, Right, Role, RoomInfo, Settings, Source,
  VideoSlot, VideoSource, Visitor, Want,
} from './messages.gen';

type ServerMessageOf<T extends wire.ServerMessage['type']> = Extract<wire.ServerMessage, { type: T }>;

/** Inside; the lobby is empty for everybody but organisers. */
export type Joined = ServerMessageOf<'joined'> & { readonly lobby: readonly wire.Visitor[] };

export type ServerMessage =
  | Exclude<wire.ServerMessage, { type: 'door' | 'joined' }>
  /** `retryAfter` in seconds, 0: at once. */
  | Required<ServerMessageOf<'door'>>
  | Joined;

export type Join = Extract<wire.ClientMessage, { type: 'join' }>;

/** What only organisers may send. Where no participant or visitor is named, all are meant. */
export type Order = Extract<
  wire.ClientMessage,
  {
    type:
      | 'settings' | 'allow' | 'mute' | 'lowerHand' | 'setCode' | 'newCode' | 'admit' | 'turnAway' | 'toLobby' | 'remove' | 'pardon' | 'setRole'
      | 'emergency' | 'release' | 'end';
  }
>;
