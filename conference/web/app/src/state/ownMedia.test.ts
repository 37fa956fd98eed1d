import { beforeEach, expect, it } from 'vitest';
import type { ClientMessage } from '../signaling/messages';
import { OwnMedia } from './ownMedia';
import { openSettings } from './rights';
import type { RoomState } from './room';
import { initialRoom } from './room';

const room = (over: Partial<RoomState> = {}): RoomState => ({
  ...initialRoom, phase: { kind: 'inside' }, self: 'me',
  participants: [{ id: 'me', name: 'me', role: 'participant', mic: false, camera: false, screen: false }], ...over,
});
let on: { mic: boolean; camera: boolean; screen: boolean };
let inside: RoomState | undefined;
let sent: ClientMessage[];
let own: OwnMedia;

const set = (what: keyof typeof on) => (value: boolean): Promise<void> => {
  on = { ...on, [what]: value };
  return Promise.resolve();
};

beforeEach(() => {
  on = { mic: true, camera: true, screen: true };
  inside = room();
  sent = [];
  own = new OwnMedia({ getState: () => on, setMic: set('mic'), setCamera: set('camera'), setScreen: set('screen') }, () => inside, (m) => sent.push(m));
});

it('tells what is on, once', () => {
  own.tell();
  own.tell();
  expect(sent).toEqual([{ type: 'state', mic: true, camera: true, screen: true }]);
  own.tellAnew();
  expect(sent).toHaveLength(2);
});

it('tells nothing outside, and switches nothing off there', () => {
  inside = undefined;
  own.obey();
  own.tell();
  expect([sent, on]).toEqual([[], { mic: true, camera: true, screen: true }]);
});

it('switches off what may not be used any more, and nothing else', () => {
  inside = room({ settings: { ...openSettings, cameras: false } });
  own.obey();
  expect(on).toEqual({ mic: true, camera: false, screen: true });
});

it('claims nothing that may not be sent, before it is off', () => {
  inside = room({ settings: { ...openSettings, microphones: false, screens: false } });
  own.tell();
  expect(sent).toEqual([{ type: 'state', mic: false, camera: true, screen: false }]);
});

it.each(['microphone', 'camera', 'screen'] as const)('switches the %s off', (source) => {
  own.switchOff(source);
  expect([on.mic, on.camera, on.screen]).toEqual([source !== 'microphone', source !== 'camera', source !== 'screen']);
});
