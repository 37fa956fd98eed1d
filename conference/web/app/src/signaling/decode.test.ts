import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeServerMessage } from './decode';
import { parseJSON } from './guards';
import type { ServerMessage } from './messages';
import { endReasons, refusals, roomErrors } from './messages';

// The same files are decoded by the Go tests of conference/signaling.
const folder = new URL('../../../../../testdata/signaling/', import.meta.url);
const files = readdirSync(folder);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const serverFiles = files.filter((name) => name.includes('.server'));

describe('fixtures', () => {
  it('has some for the server', () => {
    expect(serverFiles.length).toBeGreaterThan(10);
  });

  it.each(serverFiles)('%s is decoded', (name) => {
    const decoded = decodeServerMessage(read(name));
    expect(decoded).toMatchObject({ kind: 'message', message: { type: name.split('.')[0] } });
  });

  it('keeps every field it knows, with its value', () => {
    for (const name of serverFiles) {
      // The page fills in what the server leaves out of these.
      if (name.startsWith('door.')) continue;
      const decoded = decodeServerMessage(read(name));
      // Who is no organiser knows of no lobby: the server leaves it out, the page has an empty one.
      const lobby = name.startsWith('joined.') ? { lobby: [] } : {};
      expect(decoded.kind === 'message' && decoded.message).toEqual({ ...lobby, ...(parseJSON(read(name)) as object) });
    }
  });

  it('knows all codes that the fixtures name', () => {
    const codes = (type: string, field: string): unknown[] =>
      serverFiles.filter((n) => n.startsWith(`${type}.`)).map((n) => (parseJSON(read(n)) as Record<string, unknown>)[field]);
    expect(codes('refused', 'code').filter((c) => !(refusals as readonly unknown[]).includes(c))).toEqual([]);
    expect(codes('error', 'code').filter((c) => !(roomErrors as readonly unknown[]).includes(c))).toEqual([]);
    expect(codes('ended', 'reason').filter((c) => !(endReasons as readonly unknown[]).includes(c))).toEqual([]);
  });
});

describe('decodeServerMessage', () => {
  const joined = (over: Record<string, unknown>): string => JSON.stringify({ ...(parseJSON(read('joined.server.participant.json')) as object), ...over });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['no type', '{}'],
    ['a type that is no string', '{"type":7}'],
    ['a door without state', '{"type":"door"}'],
    ['a door in an unknown state', '{"type":"door","state":"open"}'],
    ['a chat without text', '{"type":"chat","id":"1","from":"a","name":"b","at":1}'],
    ['a chat at no time', '{"type":"chat","id":"1","from":"a","name":"b","text":"c","at":"now"}'],
    ['a chat before all time', '{"type":"chat","id":"1","from":"a","name":"b","text":"c","at":-1}'],
    ['slots with a bad item', '{"type":"slots","audio":[],"video":[{"mid":"3","participant":"a","source":"printer"}]}'],
    ['slots that are no list', '{"type":"slots","audio":{},"video":[]}'],
    ['speakers that are no strings', '{"type":"speakers","ids":[1]}'],
    ['a state with a missing switch', '{"type":"participantState","id":"a","mic":true,"camera":true}'],
    ['a place in no queue', '{"type":"queue","place":0}'],
    ['half a place', '{"type":"queue","place":1.5}'],
    ['half the settings', '{"type":"settings","locked":true}'],
    ['an emergency that is neither on nor off', '{"type":"emergency"}'],
    ['a pause until nothing', '{"type":"pause","until":"soon"}'],
    ['a mute of something unknown', '{"type":"muted","source":"piano","why":"organiser"}'],
    ['a mute without reason', '{"type":"muted","source":"microphone"}'],
    ['a visitor without name', '{"type":"visitor","id":"v"}'],
    ['relays without credentials', '{"type":"ice","urls":["turns:a.example:443"],"username":"u"}'],
    ['a reaction of nobody', '{"type":"reaction","kind":"clap"}'],
    ['somebody away and not away', '{"type":"participantAway","id":"a"}'],
    ['an announcement without time', '{"type":"notice","kind":"restart"}'],
    ['an announcement of nothing', '{"type":"notice","at":1}'],
    ['an answer without SDP', '{"type":"answer"}'],
    ['joined without self', joined({ self: undefined })],
    ['joined without room', joined({ room: null })],
    ['joined with a bad participant', joined({ participants: [{ id: 'a' }] })],
    ['joined with a bad role', joined({ participants: [{ id: 'a', name: 'b', role: 'head', mic: false, camera: false, screen: false }] })],
    ['joined with slots below zero', joined({ slots: { audio: -1, video: 3 } })],
  ])('calls %s malformed', (_what, text) => {
    expect(decodeServerMessage(text).kind).toBe('malformed');
  });

  it.each(['{"type":"fireworks"}', '{"type":"constructor"}', '{"type":"__proto__"}', '{"type":"error","code":"new-code"}', '{"type":"reaction","id":"a","kind":"yawn"}', '{"type":"notice","kind":"birthday","at":1}'])('lets %s pass as unknown', (text) => {
    expect(decodeServerMessage(text).kind).toBe('unknown');
  });

  it('reads a missing or null list as empty', () => {
    expect(decodeServerMessage('{"type":"slots","audio":null}')).toEqual({ kind: 'message', message: { type: 'slots', audio: [], video: [] } });
  });

  it('takes a refusal it does not know for a page out of date', () => {
    expect(decodeServerMessage('{"type":"refused","code":"moon-phase"}')).toEqual({ kind: 'message', message: { type: 'refused', code: 'bad-message' } });
  });

  it.each([
    ['joined.server.participant.json', {}, {}],
    ['joined.server.participant.json', { media: true }, { media: true }],
    ['joined.server.participant.json', { media: 'yes' }, {}],
  ])('%s with %j says %j about the media session', (name, over, media) => {
    const decoded = decodeServerMessage(JSON.stringify({ ...(parseJSON(read(name)) as object), media: undefined, ...over }));
    const message = decoded.kind === 'message' && decoded.message.type === 'joined' ? decoded.message : undefined;
    expect(message?.media).toBe('media' in media ? media.media : undefined);
  });

  it.each<[string, ServerMessage]>([
    ['{"type":"queue","place":3}', { type: 'queue', place: 3 }],
    ['{"type":"door","state":"locked"}', { type: 'door', state: 'locked', wrong: false, retryAfter: 0, taken: false }],
    ['{"type":"participantAway","id":"a","away":true}', { type: 'participantAway', id: 'a', away: true }],
    ['{"type":"door","state":"lobby","taken":true}', { type: 'door', state: 'lobby', wrong: false, retryAfter: 0, taken: true }],
    ['{"type":"emergency","on":true}', { type: 'emergency', on: true }],
    ['{"type":"pause","until":7}', { type: 'pause', until: 7 }],
    ['{"type":"pause"}', { type: 'pause' }],
    ['{"type":"muted","source":"camera","why":"settings"}', { type: 'muted', source: 'camera', why: 'settings' }],
    ['{"type":"visitor","id":"v","name":"Mia"}', { type: 'visitor', id: 'v', name: 'Mia' }],
    ['{"type":"visitorGone","id":"v"}', { type: 'visitorGone', id: 'v' }],
    ['{"type":"reaction","id":"a","kind":"slower"}', { type: 'reaction', id: 'a', kind: 'slower' }],
    [
      '{"type":"ice","urls":["turns:a.example:443?transport=tcp"],"username":"u","credential":"c","seconds":600}',
      { type: 'ice', urls: ['turns:a.example:443?transport=tcp'], username: 'u', credential: 'c', seconds: 600 },
    ],
    [
      '{"type":"ended","reason":"lesson-over","report":{"participants":3,"messages":7,"verified":true}}',
      { type: 'ended', reason: 'lesson-over', report: { participants: 3, messages: 7, verified: true } },
    ],
    [
      '{"type":"participantChanged","participant":{"id":"a","name":"b","role":"participant","mic":false,"camera":true,"screen":false,"hand":2,"held":true,"except":{"chat":false,"piano":true},"line":"weak"}}',
      {
        type: 'participantChanged',
        participant: { id: 'a', name: 'b', role: 'participant', mic: false, camera: true, screen: false, hand: 2, held: true, except: { chat: false }, line: 'weak' },
      },
    ],
    ['{"type":"notice","kind":"restart","at":1795248000000}', { type: 'notice', kind: 'restart', at: 1_795_248_000_000 }],
    ['{"type":"ended","reason":"moved"}', { type: 'ended', reason: 'moved' }],
    ['{"type":"ended","reason":"removed"}', { type: 'ended', reason: 'removed' }],
    ['{"type":"refused","code":"removed"}', { type: 'refused', code: 'removed' }],
    [
      '{"type":"participantJoined","participant":{"id":"a","name":"b","role":"participant","mic":false,"camera":true,"screen":false,"away":true}}',
      { type: 'participantJoined', participant: { id: 'a', name: 'b', role: 'participant', mic: false, camera: true, screen: false, away: true } },
    ],
  ])('reads %s', (text, message) => {
    expect(decodeServerMessage(text)).toEqual({ kind: 'message', message });
  });

  it('ignores unknown fields', () => {
    expect(decodeServerMessage('{"type":"participantLeft","id":"a","why":"bell"}')).toEqual({ kind: 'message', message: { type: 'participantLeft', id: 'a' } });
  });
});
