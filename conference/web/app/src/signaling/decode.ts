import type { Fields } from './guards';
import { asBoolean, asCount, asFields, asList, asOneOf, asString, parseJSON } from './guards';
import type { AudioSlot, ChatMessage, Joined, Participant, RoomInfo, ServerMessage, VideoSlot } from './messages';
import { doorStates, endReasons, refusals, roomErrors } from './messages';

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
    return state && { type: 'door', state, wrong: f['wrong'] === true, retryAfter: asCount(f['retryAfter']) ?? 0 };
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
  locked: (f) => {
    const locked = asBoolean(f['locked']);
    return locked === undefined ? undefined : { type: 'locked', locked };
  },
  notice: (f) => {
    const at = asCount(f['at']);
    return f['kind'] === 'restart' && at !== undefined ? { type: 'notice', kind: 'restart', at } : undefined;
  },
  ended: (f) => {
    const reason = asOneOf(f['reason'], endReasons);
    return reason && { type: 'ended', reason };
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
  const media = asBoolean(f['media']);
  return { type: 'joined', self, resume, room, participants, chat, slots: { audio, video }, ...(media === undefined ? {} : { media }) };
}

function decodeRoom(value: unknown): RoomInfo | undefined {
  const f = asFields(value);
  const name = asString(f?.['name']);
  const maxParticipants = asCount(f?.['maxParticipants']);
  const screenShare = asOneOf(f?.['screenShare'], ['everyone', 'organisers']);
  const codeRequired = asBoolean(f?.['codeRequired']);
  if (name === undefined || maxParticipants === undefined || !screenShare || codeRequired === undefined) return undefined;
  const code = asString(f?.['code']);
  const locked = asBoolean(f?.['locked']);
  return {
    name, maxParticipants, screenShare, codeRequired, ...(code === undefined ? {} : { code }), ...(locked === undefined ? {} : { locked }),
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
  return { id, name, role, mic, camera, screen, ...(away === undefined ? {} : { away }) };
}

function decodeChat(value: unknown): ChatMessage | undefined {
  const f = asFields(value);
  // A number is as good as a string here: the page only compares it.
  const id = typeof f?.['id'] === 'number' ? String(f['id']) : asString(f?.['id']);
  const from = asString(f?.['from']);
  const name = asString(f?.['name']);
  const text = asString(f?.['text']);
  const at = asCount(f?.['at']);
  if (id === undefined || from === undefined || name === undefined || text === undefined || at === undefined) return undefined;
  return { id, from, name, text, at };
}

function decodeAudioSlot(value: unknown): AudioSlot | undefined {
  const f = asFields(value);
  const mid = asString(f?.['mid']);
  const participant = asString(f?.['participant']);
  return mid === undefined || participant === undefined ? undefined : { mid, participant };
}

function decodeVideoSlot(value: unknown): VideoSlot | undefined {
  const slot = decodeAudioSlot(value);
  const source = asOneOf(asFields(value)?.['source'], ['camera', 'screen']);
  return slot && source && { ...slot, source };
}
