import type { Fields } from './guards';
import { asBoolean, asCount, asFields, asList, asOneOf, asString, parseJSON } from './guards';
import type {
  AudioSlot, ChatMessage, Exceptions, Ice, Joined, Participant, Report, RoomInfo, ServerMessage, Settings, VideoSlot, Visitor,
} from './messages';
import { doorStates, endReasons, mutedWhys, reactionKinds, refusals, rights, roomErrors } from './messages';

/**
 * What a text frame turned out to be. Unknown types are ignored, so that a newer server may say more; a known type with wrong
 * fields is malformed and means that page and server do not fit together.
 */
export type Decoded =
  | { readonly kind: 'message'; readonly message: ServerMessage }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'malformed' };

/** Decodes one text frame of the server. Never throws. */
export function decodeServerMessage(text: string): Decoded {
  const fields = asFields(parseJSON(text));
  const type = fields && asString(fields['type']);
  if (!fields || type === undefined) return { kind: 'malformed' };
  const decoder = Object.hasOwn(decoders, type) ? decoders[type] : undefined;
  if (!decoder) return { kind: 'unknown' };
  if (type === 'error' && !asOneOf(fields['code'], roomErrors)) return { kind: 'unknown' };
  if (type === 'reaction' && asString(fields['kind']) !== undefined && !asOneOf(fields['kind'], reactionKinds)) return { kind: 'unknown' };
  if (type === 'notice' && asString(fields['kind']) !== undefined && fields['kind'] !== 'restart') return { kind: 'unknown' };
  const message = decoder(fields);
  return message ? { kind: 'message', message } : { kind: 'malformed' };
}

type Decoder = (fields: Fields) => ServerMessage | undefined;

const decoders: Readonly<Record<string, Decoder>> = {
  queue: (f) => {
    const place = asCount(f['place']);
    return place === undefined || place < 1 || !Number.isInteger(place) ? undefined : { type: 'queue', place };
  },
  door: (f) => {
    const state = asOneOf(f['state'], doorStates);
    return state && { type: 'door', state, wrong: f['wrong'] === true, retryAfter: asCount(f['retryAfter']) ?? 0, taken: f['taken'] === true };
  },
  refused: (f) => {
    if (asString(f['code']) === undefined) return undefined;
    // A refusal this page has no words for comes from a newer server: the advice to reload is right then.
    return { type: 'refused', code: asOneOf(f['code'], refusals) ?? 'bad-message' };
  },
  joined: decodeJoined,
  participantJoined: (f) => {
    const participant = decodeParticipant(f['participant']);
    return participant && { type: 'participantJoined', participant };
  },
  participantChanged: (f) => {
    const participant = decodeParticipant(f['participant']);
    return participant && { type: 'participantChanged', participant };
  },
  participantLeft: (f) => {
    const id = asString(f['id']);
    return id === undefined ? undefined : { type: 'participantLeft', id };
  },
  participantState: (f) => {
    const id = asString(f['id']);
    const mic = asBoolean(f['mic']);
    const camera = asBoolean(f['camera']);
    const screen = asBoolean(f['screen']);
    if (id === undefined || mic === undefined || camera === undefined || screen === undefined) return undefined;
    return { type: 'participantState', id, mic, camera, screen };
  },
  participantAway: (f) => {
    const id = asString(f['id']);
    const away = asBoolean(f['away']);
    return id === undefined || away === undefined ? undefined : { type: 'participantAway', id, away };
  },
  answer: (f) => {
    const sdp = asString(f['sdp']);
    return sdp === undefined ? undefined : { type: 'answer', sdp };
  },
  slots: (f) => {
    const audio = asList(f['audio'], decodeAudioSlot);
    const video = asList(f['video'], decodeVideoSlot);
    return audio && video && { type: 'slots', audio, video };
  },
  speakers: (f) => {
    const ids = asList(f['ids'], asString);
    return ids && { type: 'speakers', ids };
  },
  chat: (f) => {
    const chat = decodeChat(f);
    return chat && { type: 'chat', ...chat };
  },
  code: (f) => {
    const code = asString(f['code']);
    return code === undefined ? undefined : { type: 'code', code };
  },
  settings: (f) => {
    const settings = decodeSettings(f);
    return settings && { type: 'settings', ...settings };
  },
  emergency: (f) => {
    const on = asBoolean(f['on']);
    return on === undefined ? undefined : { type: 'emergency', on };
  },
  pause: (f) => {
    if (f['until'] === undefined) return { type: 'pause' };
    const until = asCount(f['until']);
    return until === undefined ? undefined : { type: 'pause', until };
  },
  muted: (f) => {
    const source = asOneOf(f['source'], ['microphone', 'camera', 'screen']);
    const why = asOneOf(f['why'], mutedWhys);
    return source && why && { type: 'muted', source, why };
  },
  visitor: (f) => {
    const visitor = decodeVisitor(f);
    return visitor && { type: 'visitor', ...visitor };
  },
  visitorGone: (f) => {
    const id = asString(f['id']);
    return id === undefined ? undefined : { type: 'visitorGone', id };
  },
  reaction: (f) => {
    const id = asString(f['id']);
    const kind = asOneOf(f['kind'], reactionKinds);
    return id === undefined || !kind ? undefined : { type: 'reaction', id, kind };
  },
  ice: (f) => {
    const ice = decodeIce(f);
    return ice && { type: 'ice', ...ice };
  },
  notice: (f) => {
    const at = asCount(f['at']);
    return f['kind'] === 'restart' && at !== undefined ? { type: 'notice', kind: 'restart', at } : undefined;
  },
  ended: (f) => {
    const reason = asOneOf(f['reason'], endReasons);
    const report = decodeReport(f['report']);
    return reason && { type: 'ended', reason, ...(report ? { report } : {}) };
  },
  error: (f) => {
    const code = asOneOf(f['code'], roomErrors);
    return code && { type: 'error', code };
  },
};

function decodeJoined(f: Fields): Joined | undefined {
  const self = asString(f['self']);
  const resume = asString(f['resume']);
  const room = decodeRoom(f['room']);
  const participants = asList(f['participants'], decodeParticipant);
  const chat = asList(f['chat'], decodeChat);
  const slots = asFields(f['slots']);
  const audio = asCount(slots?.['audio']);
  const video = asCount(slots?.['video']);
  if (self === undefined || resume === undefined || !room || !participants || !chat) return undefined;
  if (audio === undefined || video === undefined) return undefined;
  const settings = decodeSettings(asFields(f['settings']));
  const lobby = asList(f['lobby'], decodeVisitor);
  if (!settings || !lobby) return undefined;
  const media = asBoolean(f['media']);
  const pause = asCount(f['pause']) || undefined;
  const ice = decodeIce(asFields(f['ice']));
  return {
    type: 'joined', self, resume, room, participants, chat, slots: { audio, video }, settings, emergency: f['emergency'] === true, lobby,
    ...(pause === undefined ? {} : { pause }), ...(ice ? { ice } : {}), ...(media === undefined ? {} : { media }),
  };
}

function decodeSettings(f: Fields | undefined): Settings | undefined {
  const locked = asBoolean(f?.['locked']);
  const lobby = asBoolean(f?.['lobby']);
  const microphones = asBoolean(f?.['microphones']);
  const cameras = asBoolean(f?.['cameras']);
  const camerasTo = asOneOf(f?.['camerasTo'], ['everyone', 'organisers']);
  const screens = asBoolean(f?.['screens']);
  const chat = asBoolean(f?.['chat']);
  const privateChat = asBoolean(f?.['privateChat']);
  if (locked === undefined || lobby === undefined || microphones === undefined || cameras === undefined || !camerasTo) return undefined;
  if (screens === undefined || chat === undefined || privateChat === undefined) return undefined;
  return { locked, lobby, microphones, cameras, camerasTo, screens, chat, privateChat };
}

function decodeVisitor(value: unknown): Visitor | undefined {
  const f = asFields(value);
  const id = asString(f?.['id']);
  const name = asString(f?.['name']);
  return id === undefined || name === undefined ? undefined : { id, name, ...(f?.['unchecked'] === true ? { unchecked: true } : {}) };
}

function decodeIce(f: Fields | undefined): Ice | undefined {
  const urls = asList(f?.['urls'], asString);
  const username = asString(f?.['username']);
  const credential = asString(f?.['credential']);
  const seconds = asCount(f?.['seconds']);
  if (!urls || username === undefined || credential === undefined || seconds === undefined) return undefined;
  return { urls, username, credential, seconds };
}

function decodeReport(value: unknown): Report | undefined {
  const f = asFields(value);
  const participants = asCount(f?.['participants']);
  const messages = asCount(f?.['messages']);
  if (participants === undefined || messages === undefined) return undefined;
  return { participants, messages, verified: f?.['verified'] === true };
}

function decodeRoom(value: unknown): RoomInfo | undefined {
  const f = asFields(value);
  const name = asString(f?.['name']);
  const maxParticipants = asCount(f?.['maxParticipants']);
  const screenShare = asOneOf(f?.['screenShare'], ['everyone', 'organisers']);
  const codeRequired = asBoolean(f?.['codeRequired']);
  if (name === undefined || maxParticipants === undefined || !screenShare || codeRequired === undefined) return undefined;
  const code = asString(f?.['code']);
  const title = asString(f?.['title']);
  return {
    name, maxParticipants, screenShare, codeRequired, ...(code === undefined ? {} : { code }), ...(title === undefined ? {} : { title }),
  };
}

function decodeParticipant(value: unknown): Participant | undefined {
  const f = asFields(value);
  const id = asString(f?.['id']);
  const name = asString(f?.['name']);
  const role = asOneOf(f?.['role'], ['participant', 'organiser']);
  const mic = asBoolean(f?.['mic']);
  const camera = asBoolean(f?.['camera']);
  const screen = asBoolean(f?.['screen']);
  if (id === undefined || name === undefined || !role) return undefined;
  if (mic === undefined || camera === undefined || screen === undefined) return undefined;
  const away = asBoolean(f?.['away']);
  const place = asCount(f?.['place']);
  const hand = asCount(f?.['hand']);
  const held = asBoolean(f?.['held']);
  const except = decodeExceptions(f?.['except']);
  const line = asOneOf(f?.['line'], ['weak', 'bad']);
  return {
    id, name, role, mic, camera, screen, ...(place === undefined ? {} : { place }), ...(away === undefined ? {} : { away }), ...(hand === undefined || hand === 0 ? {} : { hand }),
    ...(held === undefined ? {} : { held }), ...(except ? { except } : {}), ...(line ? { line } : {}),
  };
}

function decodeExceptions(value: unknown): Exceptions | undefined {
  const f = asFields(value);
  if (!f) return undefined;
  return Object.fromEntries(rights.flatMap((right) => {
    const granted = asBoolean(f[right]);
    return granted === undefined ? [] : [[right, granted]];
  }));
}

function decodeChat(value: unknown): ChatMessage | undefined {
  const f = asFields(value);
  // A number is as good as a string here: the page only compares it.
  const id = typeof f?.['id'] === 'number' ? String(f['id']) : asString(f?.['id']);
  const from = asString(f?.['from']);
  const name = asString(f?.['name']);
  const text = asString(f?.['text']);
  const at = asCount(f?.['at']);
  const to = asString(f?.['to']);
  if (id === undefined || from === undefined || name === undefined || text === undefined || at === undefined) return undefined;
  return { id, from, name, text, at, ...(to === undefined ? {} : { to }) };
}

function decodeAudioSlot(value: unknown): AudioSlot | undefined {
  const f = asFields(value);
  const mid = asString(f?.['mid']);
  const participant = asString(f?.['participant']);
  if (mid === undefined || participant === undefined) return undefined;
  return { mid, participant, ...(f?.['source'] === 'screen' ? { source: 'screen' } : {}) };
}

function decodeVideoSlot(value: unknown): VideoSlot | undefined {
  const f = asFields(value);
  const mid = asString(f?.['mid']);
  const participant = asString(f?.['participant']);
  const source = asOneOf(f?.['source'], ['camera', 'screen']);
  return mid === undefined || participant === undefined || !source ? undefined : { mid, participant, source };
}
