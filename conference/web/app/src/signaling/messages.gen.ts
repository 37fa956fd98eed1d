// Code generated from conference/signaling by "go generate"; DO NOT EDIT.

export const subprotocol = 'kreisraum.2';

/** Bounds of what the server accepts, so that the page does not send what will be refused. */
export const limits = {
  name: 40,
  chat: 2000,
  codeMin: 4,
  codeMax: 32,
  want: 32,
  deviceMin: 16,
  deviceMax: 64,
} as const;

/** Role is what a participant may do in a room. */
export const roles = [
  'participant',
  'organiser',
] as const;
export type Role = (typeof roles)[number];

/** DoorState is what a visitor at the door is waiting for. */
export const doorStates = [
  'waiting',
  'code',
  'locked',
  'lobby',
] as const;
export type DoorState = (typeof doorStates)[number];

/** Source is what a participant sends. */
export const sources = [
  'microphone',
  'camera',
  'screen',
] as const;
export type Source = (typeof sources)[number];

/** VideoSource is a Source that can be seen. */
export const videoSources = [
  'camera',
  'screen',
] as const;
export type VideoSource = (typeof videoSources)[number];

/** Audience is for whom something is. */
export const audiences = [
  'everyone',
  'organisers',
] as const;
export type Audience = (typeof audiences)[number];

/** Right is what a participant may do, by the settings or by an exception. */
export const rights = [
  'microphone',
  'camera',
  'screen',
  'chat',
  'shown',
] as const;
export type Right = (typeof rights)[number];

/** Allowance is what an organiser says about a right of one participant. */
export const allowances = [
  'yes',
  'no',
  'rule',
] as const;
export type Allowance = (typeof allowances)[number];

/** ReactionKind is what a reaction shows. */
export const reactions = [
  'clap',
  'thumbs',
  'heart',
  'laugh',
  'surprised',
  'question',
  'slower',
  'faster',
] as const;
export type ReactionKind = (typeof reactions)[number];

/** LineLevel is how good a participant's connection is, as its own client sees it. */
export const lineLevels = [
  'good',
  'weak',
  'bad',
] as const;
export type LineLevel = (typeof lineLevels)[number];

/** MutedWhy says why the server switched something off. */
export const mutedWhys = [
  'organiser',
  'settings',
  'emergency',
] as const;
export type MutedWhy = (typeof mutedWhys)[number];

/** NoticeKind says what a notice is about. */
export const noticeKinds = [
  'restart',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** RefusalCode says why a connection was not let in. The connection is closed afterwards. */
export const refusalCodes = [
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
  'turned-away',
  'outdated',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** EndReason says why a connection ended that was at the door or inside. The connection is closed afterwards. */
export const endReasons = [
  'account-disabled',
  'restart',
  'replaced',
  'slow',
  'removed',
  'moved',
  'lesson-over',
] as const;
export type EndReason = (typeof endReasons)[number];

/** ErrorCode says what could not be done. The connection stays. */
export const errorCodes = [
  'screen-not-allowed',
  'chat-invalid',
  'chat-too-fast',
  'code-invalid',
  'not-allowed',
  'media-failed',
  'mic-not-allowed',
  'camera-not-allowed',
  'chat-off',
  'paused',
  'held',
  'last-organiser',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** Join is the first message: who wants to come in, and as what. */
export interface Join {
  readonly name: string;
  readonly role: Role;
  readonly code?: string;
  readonly resume?: string;
  readonly probe?: string;
  /** Media says that the client reconnects and its PeerConnection of before still runs. */
  readonly media?: boolean;
  /** Device is drawn once by the page and kept, so that a removed device is known again; empty: unknown. */
  readonly device?: string;
}

/** EnterCode (type "code") is the room code, entered at the door. */
export interface EnterCode {
  readonly code: string;
}

/** Offer starts the media, or replaces a session that failed. */
export interface Offer {
  readonly sdp: string;
}

/** Want is one video that is visible. */
export interface Want {
  readonly participant: string;
  /** Source is camera or screen. */
  readonly source: VideoSource;
  /** Height is in device pixels. */
  readonly height: number;
}

/** View is what the client shows, most important first. */
export interface View {
  readonly want: readonly Want[];
}

/** State is what the client sends. All three fields are required on the wire: a missing one must not unmute anybody. */
export interface State {
  readonly mic: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
}

/** SendChat (type "chat") says something to everybody inside, or to one. */
export interface SendChat {
  readonly text: string;
  /** To is a participant; empty: everybody. */
  readonly to?: string;
}

/** RaiseHand (type "hand") raises or lowers one's own hand. Up is required on the wire. */
export interface RaiseHand {
  readonly up: boolean;
}

/** React (type "react") shows a reaction to everybody inside. */
export interface React {
  readonly kind: ReactionKind;
}

/** SetLine (type "line") is how the client finds its own connection. */
export interface SetLine {
  readonly level: LineLevel;
}

/** ChangeSettings (type "settings") changes what is set and leaves the rest. */
export interface ChangeSettings {
  readonly locked?: boolean;
  readonly lobby?: boolean;
  readonly microphones?: boolean;
  readonly cameras?: boolean;
  readonly camerasTo?: Audience;
  readonly screens?: boolean;
  readonly chat?: boolean;
  readonly privateChat?: boolean;
}

/** Allow makes an exception from the settings for one participant, or takes it back. */
export interface Allow {
  readonly participant: string;
  readonly what: Right;
  readonly value: Allowance;
}

/** Mute switches a source of one participant off, or of all who are not organisers. */
export interface Mute {
  /** Participant is empty for all. */
  readonly participant?: string;
  readonly source: Source;
}

/** LowerHand lowers one hand, or all. */
export interface LowerHand {
  /** Participant is empty for all. */
  readonly participant?: string;
}

/** SetCode changes the room code. An empty code removes it where the county allows that. */
export interface SetCode {
  readonly code: string;
}

/** Admit lets one visitor in from the lobby, or all. */
export interface Admit {
  /** Visitor is empty for all. */
  readonly visitor?: string;
}

/** TurnAway sends a visitor away from the lobby, for this lesson. */
export interface TurnAway {
  readonly visitor: string;
}

/** ToLobby sends a participant back to the lobby. */
export interface ToLobby {
  readonly participant: string;
}

/** Remove sends a participant out, for this lesson. */
export interface Remove {
  readonly participant: string;
}

/** SetRole makes somebody an organiser, or a participant again. */
export interface SetRole {
  readonly participant: string;
  readonly role: Role;
}

/** SetEmergency (type "emergency") presses the emergency button, or lets it go. On is required on the wire. */
export interface SetEmergency {
  readonly on: boolean;
}

/** Release gives one who is held by the emergency button all rights again, or all of them. */
export interface Release {
  /** Participant is empty for all. */
  readonly participant?: string;
}

export type ClientMessage =
  | ({ readonly type: 'join' } & Join)
  | ({ readonly type: 'code' } & EnterCode)
  | ({ readonly type: 'offer' } & Offer)
  | ({ readonly type: 'view' } & View)
  | ({ readonly type: 'state' } & State)
  | ({ readonly type: 'chat' } & SendChat)
  | ({ readonly type: 'hand' } & RaiseHand)
  | ({ readonly type: 'react' } & React)
  | ({ readonly type: 'line' } & SetLine)
  | { readonly type: 'ice' }
  | { readonly type: 'leave' }
  | ({ readonly type: 'settings' } & ChangeSettings)
  | ({ readonly type: 'allow' } & Allow)
  | ({ readonly type: 'mute' } & Mute)
  | ({ readonly type: 'lowerHand' } & LowerHand)
  | ({ readonly type: 'setCode' } & SetCode)
  | { readonly type: 'newCode' }
  | ({ readonly type: 'admit' } & Admit)
  | ({ readonly type: 'turnAway' } & TurnAway)
  | ({ readonly type: 'toLobby' } & ToLobby)
  | ({ readonly type: 'remove' } & Remove)
  | { readonly type: 'pardon' }
  | ({ readonly type: 'setRole' } & SetRole)
  | ({ readonly type: 'emergency' } & SetEmergency)
  | ({ readonly type: 'release' } & Release)
  | { readonly type: 'end' };

/** Door tells a visitor what the door waits for. Somebody inside who gets it is at the door again, and the media session has ended. */
export interface Door {
  readonly state: DoorState;
  /** Wrong is true when the code just entered was wrong. */
  readonly wrong?: boolean;
  /** RetryAfter is how many seconds to wait before the next attempt; 0: none. */
  readonly retryAfter?: number;
  /** Taken is true for somebody with a login when the lesson is another account's. */
  readonly taken?: boolean;
}

/** Refused says that the connection is not let in; the server closes it. */
export interface Refused {
  readonly code: RefusalCode;
}

/** RoomInfo is what a participant knows of the room. */
export interface RoomInfo {
  readonly name: string;
  /** Title is what the room's owner calls it, if it has one. */
  readonly title?: string;
  /** Code is there for organisers only. */
  readonly code?: string;
  readonly maxParticipants: number;
  /** ScreenShare is what the county says of screens. */
  readonly screenShare: Audience;
  /** CodeRequired is true when the room cannot be without a code. */
  readonly codeRequired: boolean;
}

/** Exceptions are what organisers allowed or forbade one participant, whatever the settings say. */
export interface Exceptions {
  readonly microphone?: boolean;
  readonly camera?: boolean;
  readonly screen?: boolean;
  readonly chat?: boolean;
  readonly shown?: boolean;
}

/** Participant is somebody inside. */
export interface Participant {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly mic: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  /** Place numbers those who came in, from 1; who comes back has the same. */
  readonly place?: number;
  /** Away says that the participant's connection broke and is waited for. */
  readonly away?: boolean;
  /** Hand numbers the raised hands of a lesson in the order in which they went up; 0: it is down. */
  readonly hand?: number;
  /** Held says that the emergency button has taken all rights. */
  readonly held?: boolean;
  /** Except are the exceptions from the settings; absent: none. */
  readonly except?: Exceptions;
  /** Line is weak or bad; absent: good. */
  readonly line?: LineLevel;
}

/** Chat is something that was said. */
export interface Chat {
  readonly id: string;
  readonly from: string;
  readonly name: string;
  readonly text: string;
  /** At is in milliseconds since 1970, UTC. */
  readonly at: number;
  /** To is the participant whom it was said to in private; absent: everybody. */
  readonly to?: string;
}

/** SlotLimit is how many receive slots an offer may have at most. */
export interface SlotLimit {
  readonly audio: number;
  readonly video: number;
}

/** Settings are the rules of this lesson, to all inside whenever one changed. */
export interface Settings {
  /** Locked: nobody new comes in. Lobby: who comes waits for an organiser to admit. */
  readonly locked: boolean;
  readonly lobby: boolean;
  /** Microphones and Cameras say whether participants may switch theirs on. */
  readonly microphones: boolean;
  readonly cameras: boolean;
  /** CamerasTo is who sees participants' cameras. */
  readonly camerasTo: Audience;
  /** Screens says whether participants may share theirs. */
  readonly screens: boolean;
  /** Chat says whether participants may write, PrivateChat whether also to each other. */
  readonly chat: boolean;
  readonly privateChat: boolean;
}

/** Visitor tells organisers who waits in the lobby; again when Unchecked is over. */
export interface Visitor {
  readonly id: string;
  readonly name: string;
  /** Unchecked says that no code was looked at, since too many of the visitor's network, or of all, were wrong. An Admit for all leaves it out. */
  readonly unchecked?: boolean;
}

/** ICE are the servers for a PeerConnection, with credentials for new allocations (RFC 8656). */
export interface ICE {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
  /** Seconds is how long the credentials are good. */
  readonly seconds: number;
}

/** Joined says that the participant is inside, and what there is. */
export interface Joined {
  /** Self is the participant's own ID. */
  readonly self: string;
  /** Resume brings this participant back inside after a lost connection. */
  readonly resume: string;
  readonly room: RoomInfo;
  /** Participants are all who are inside, including self, in the order of their places. */
  readonly participants: readonly Participant[];
  /** Chat is what was said so far, oldest first. */
  readonly chat: readonly Chat[];
  readonly slots: SlotLimit;
  /** Media says that the media session of before goes on: no offer is expected, and the next messages are fresh Slots and Speakers. */
  readonly media?: boolean;
  readonly settings: Settings;
  /** Emergency says that the emergency button is pressed. */
  readonly emergency: boolean;
  /** Pause is until when an organiser is waited for, in milliseconds since 1970, UTC; 0: the lesson goes on. */
  readonly pause?: number;
  /** Lobby is there for organisers only: who waits to be admitted, in the order they came. */
  readonly lobby?: readonly Visitor[];
  /** ICE is there if the county has a relay. */
  readonly ice?: ICE;
}

/** ParticipantJoined announces somebody to those who are inside. */
export interface ParticipantJoined {
  readonly participant: Participant;
}

/** ParticipantLeft says that somebody is gone. */
export interface ParticipantLeft {
  readonly id: string;
}

/** ParticipantState says what another participant sends. */
export interface ParticipantState {
  readonly id: string;
  readonly mic: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
}

/** ParticipantChanged says what somebody is now, whenever role, hand, exceptions, line or being held changed; to all inside. */
export interface ParticipantChanged {
  readonly participant: Participant;
}

/** ParticipantAway says that a participant's connection broke and is waited for, or is back. */
export interface ParticipantAway {
  readonly id: string;
  readonly away: boolean;
}

/** Answer answers an Offer, with all candidates of the server. */
export interface Answer {
  readonly sdp: string;
}

/** AudioSlot is one audio transceiver with somebody in it. */
export interface AudioSlot {
  readonly mid: string;
  readonly participant: string;
  /** Source is "screen" for the sound of what is shared, absent for a microphone. */
  readonly source?: Source;
}

/** VideoSlot is one video transceiver with somebody's camera or screen in it. */
export interface VideoSlot {
  readonly mid: string;
  readonly participant: string;
  /** Source is camera or screen. */
  readonly source: VideoSource;
}

/** Slots says who is in which slot: a full snapshot at every change. */
export interface Slots {
  readonly audio: readonly AudioSlot[];
  readonly video: readonly VideoSlot[];
}

/** Speakers are the IDs of those who speak, loudest first. */
export interface Speakers {
  readonly ids: readonly string[];
}

/** RoomCode (type "code") tells organisers the room's code whenever it changes; empty: the room has none. */
export interface RoomCode {
  readonly code: string;
}

/** Emergency says whether the emergency button is pressed. */
export interface Emergency {
  readonly on: boolean;
}

/** Pause says that no organiser is inside, and until when one is waited for; or that the lesson goes on. */
export interface Pause {
  /** Until is in milliseconds since 1970, UTC; absent: the lesson goes on. */
  readonly until?: number;
}

/** Muted tells a participant that the server switched a source off. */
export interface Muted {
  readonly source: Source;
  readonly why: MutedWhy;
}

/** VisitorGone tells organisers who does not wait in the lobby any more. */
export interface VisitorGone {
  readonly id: string;
}

/** Reaction shows somebody's reaction. */
export interface Reaction {
  readonly id: string;
  readonly kind: ReactionKind;
}

/** Notice announces something that will happen to the room. A later one of the same kind takes its place. */
export interface Notice {
  readonly kind: NoticeKind;
  /** At is in milliseconds since 1970, UTC. */
  readonly at: number;
}

/** Queue is the portal's word to an organiser while no bridge has capacity for the lesson. */
export interface Queue {
  /** Place in the queue; 1 is next. */
  readonly place: number;
}

/** Report is what the server found in the room after it was ended for all. */
export interface Report {
  /** Participants who were sent out, and Messages that were forgotten. */
  readonly participants: number;
  readonly messages: number;
  /** Verified says that the server looked, and nothing of the lesson is left. */
  readonly verified: boolean;
}

/** Ended says that the server closes the connection, and why. */
export interface Ended {
  readonly reason: EndReason;
  /** Report is there for organisers when the lesson is over. */
  readonly report?: Report;
}

/** Problem (type "error") says what could not be done; the connection stays. */
export interface Problem {
  readonly code: ErrorCode;
}

export type ServerMessage =
  | ({ readonly type: 'door' } & Door)
  | ({ readonly type: 'refused' } & Refused)
  | ({ readonly type: 'joined' } & Joined)
  | ({ readonly type: 'participantJoined' } & ParticipantJoined)
  | ({ readonly type: 'participantLeft' } & ParticipantLeft)
  | ({ readonly type: 'participantState' } & ParticipantState)
  | ({ readonly type: 'participantChanged' } & ParticipantChanged)
  | ({ readonly type: 'participantAway' } & ParticipantAway)
  | ({ readonly type: 'answer' } & Answer)
  | ({ readonly type: 'slots' } & Slots)
  | ({ readonly type: 'speakers' } & Speakers)
  | ({ readonly type: 'chat' } & Chat)
  | ({ readonly type: 'code' } & RoomCode)
  | ({ readonly type: 'settings' } & Settings)
  | ({ readonly type: 'emergency' } & Emergency)
  | ({ readonly type: 'pause' } & Pause)
  | ({ readonly type: 'muted' } & Muted)
  | ({ readonly type: 'visitor' } & Visitor)
  | ({ readonly type: 'visitorGone' } & VisitorGone)
  | ({ readonly type: 'reaction' } & Reaction)
  | ({ readonly type: 'ice' } & ICE)
  | ({ readonly type: 'notice' } & Notice)
  | ({ readonly type: 'queue' } & Queue)
  | ({ readonly type: 'ended' } & Ended)
  | ({ readonly type: 'error' } & Problem);
