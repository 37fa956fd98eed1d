import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ClientMessage } from './messages';

const folder = new URL('../../../../../testdata/signaling/', import.meta.url);

/** One of each type, as this page sends it; the compiler holds that none is missing. */
const sent: { readonly [T in ClientMessage['type']]: Extract<ClientMessage, { type: T }> } = {
  join: { type: 'join', name: 'Mia Beispiel', role: 'participant', resume: 'a.b', code: '482713', media: true, device: 'mJ4x0Qv7ZkT2rYbN_c8-Lw' },
  code: { type: 'code', code: '482713' },
  offer: { type: 'offer', sdp: 'v=0\r\n' },
  view: { type: 'view', want: [{ participant: 'a', source: 'screen', height: 720 }] },
  state: { type: 'state', mic: true, camera: false, screen: false },
  chat: { type: 'chat', text: 'Guten Morgen!', to: 'a' },
  hand: { type: 'hand', up: true },
  react: { type: 'react', kind: 'clap' },
  line: { type: 'line', level: 'weak' },
  ice: { type: 'ice' },
  setCode: { type: 'setCode', code: 'Igel-17' },
  newCode: { type: 'newCode' },
  settings: {
    type: 'settings', locked: true, lobby: true, microphones: true, cameras: true, camerasTo: 'organisers', screens: true, chat: true, privateChat: true,
  },
  allow: { type: 'allow', participant: 'a', what: 'microphone', value: 'yes' },
  mute: { type: 'mute', participant: 'a', source: 'microphone' },
  lowerHand: { type: 'lowerHand', participant: 'a' },
  admit: { type: 'admit', visitor: 'a' },
  turnAway: { type: 'turnAway', visitor: 'a' },
  toLobby: { type: 'toLobby', participant: 'a' },
  remove: { type: 'remove', participant: 'a' },
  pardon: { type: 'pardon' },
  setRole: { type: 'setRole', participant: 'a', role: 'organiser' },
  emergency: { type: 'emergency', on: true },
  release: { type: 'release', participant: 'a' },
  end: { type: 'end' },
  leave: { type: 'leave' },
};

const shape = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length > 0 ? [shape(value[0])] : [];
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shape(v)]));
  return typeof value;
};

it.each(Object.keys(sent) as ClientMessage['type'][])('%s has the fields and types that the fixtures have', (type) => {
  const fixtures = readdirSync(folder)
    .filter((name) => name.startsWith(`${type}.client`))
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Record<string, unknown>);
  expect(fixtures.length).toBeGreaterThan(0);
  const known = Object.assign({}, ...fixtures.map((f) => shape(f))) as Record<string, unknown>;
  const fullest = fixtures.find((f) => Array.isArray(f['want']) && f['want'].length > 0);
  if (fullest) known['want'] = shape(fullest['want']);
  for (const [field, kind] of Object.entries(shape(sent[type]) as Record<string, unknown>)) {
    expect({ [field]: known[field] }).toEqual({ [field]: kind });
  }
});
