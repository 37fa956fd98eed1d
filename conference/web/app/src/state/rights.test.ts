import { describe, expect, it } from 'vitest';
import type { Participant, Settings } from '../signaling/messages';
import type { Usable } from './rights';
import { cameraForAll, denialOf, grantOf, may, mayWriteTo, openSettings } from './rights';

const person = (over: Partial<Participant> = {}): Participant => ({ id: 'a', name: 'Mia', role: 'participant', mic: false, camera: false, screen: false, ...over });
const closed: Settings = { ...openSettings, microphones: false, cameras: false, screens: false, chat: false };

describe('the effective right', () => {
  const all: readonly Usable[] = ['microphone', 'camera', 'screen', 'chat'];

  it.each(all)('%s: organisers always', (what) => {
    expect(may(person({ role: 'organiser', held: true, except: { [what]: false } }), closed, what)).toBe(true);
  });

  it.each(all)('%s: nobody who is held, whatever else says', (what) => {
    expect(denialOf(person({ held: true, except: { [what]: true } }), openSettings, what)).toBe('held');
  });

  it.each(all)('%s: the exception before the setting', (what) => {
    expect(denialOf(person({ except: { [what]: true } }), closed, what)).toBeUndefined();
    expect(denialOf(person({ except: { [what]: false } }), openSettings, what)).toBe('denied');
  });

  it.each(all)('%s: else as the settings say', (what) => {
    expect(denialOf(person(), openSettings, what)).toBeUndefined();
    expect(denialOf(person(), closed, what)).toBe('settings');
  });
});

it.each([
  ['everyone', {}, true],
  ['organisers', {}, false],
  ['organisers', { except: { shown: true } }, true],
  ['organisers', { except: { shown: false } }, false],
  ['organisers', { role: 'organiser' }, true],
] as const)('a camera for %s of %j is seen by all: %s', (camerasTo, over, seen) => {
  expect(cameraForAll(person(over), { ...openSettings, camerasTo })).toBe(seen);
});

it('names what an organiser has settled', () => {
  expect([undefined, true, false].map((camera) => grantOf(person(camera === undefined ? {} : { except: { camera } }), 'camera'))).toEqual(['rule', 'yes', 'no']);
});

it.each([
  ['a participant', 'an organiser', {}, true],
  ['a participant', 'a participant', {}, false],
  ['a participant', 'a participant', { privateChat: true }, true],
  ['an organiser', 'a participant', {}, true],
  ['an organiser', 'a participant', { chat: false }, true],
  ['a participant', 'an organiser', { chat: false }, false],
] as const)('%s writes to %s in private with %j: %s', (from, to, settings, allowed) => {
  const roleOf = (who: string): Participant['role'] => (who === 'an organiser' ? 'organiser' : 'participant');
  expect(mayWriteTo(person({ role: roleOf(from) }), person({ id: 'b', role: roleOf(to) }), { ...openSettings, ...settings })).toBe(allowed);
});

it('nobody writes to oneself', () => {
  expect(mayWriteTo(person({ role: 'organiser' }), person({ role: 'organiser' }), openSettings)).toBe(false);
});
