import { describe, expect, it } from 'vitest';
import type { Participant, Settings } from '../signaling/messages';
import type { Notice } from './notice';
import { noticeAfter, settledBy } from './notice';
import { openSettings } from './rights';
import type { RoomState } from './room';
import { initialRoom, reduceRoom } from './room';

const me = (over: Partial<Participant> = {}): Participant => ({ id: 'me', name: 'me', role: 'participant', mic: false, camera: false, screen: false, ...over });
const room = (person: Partial<Participant> = {}, over: Partial<RoomState> = {}): RoomState => ({
  ...initialRoom, phase: { kind: 'inside' }, link: 'ok', self: 'me', participants: [me(person)], ...over,
});
const rules = (over: Partial<Settings>): Partial<RoomState> => ({ settings: { ...openSettings, ...over } });
const stopped: Notice = { kind: 'muted', source: 'camera', why: 'emergency' };
const byRule: Notice = { kind: 'muted', source: 'microphone', why: 'settings' };
const byOrganiser: Notice = { kind: 'muted', source: 'microphone', why: 'organiser' };
const explained: Notice = { kind: 'explained', words: 'not now' };
const error = (code: 'paused' | 'held' | 'mic-not-allowed' | 'code-invalid'): Notice => ({ kind: 'room-error', code });

describe('a notice', () => {
  it.each<[string, RoomState, RoomState, Notice, Notice | undefined]>([
    ['of the emergency stays while it lasts', room({ held: true }), room({ held: true }), stopped, stopped],
    ['of the emergency says what is so after the release', room({ held: true }), room(), stopped, { kind: 'released' }],
    ['of the release goes with the next emergency', room(), room({ held: true }), { kind: 'released' }, undefined],
    ['of a rule stays while it holds', room({}, rules({ microphones: false })), room({}, rules({ microphones: false, chat: false })), byRule, byRule],
    ['of a rule says when it is lifted', room({}, rules({ microphones: false })), room(), byRule, { kind: 'again', source: 'microphone' }],
    ['of a lifted rule goes when it holds again', room(), room({}, rules({ microphones: false })), { kind: 'again', source: 'microphone' }, undefined],
    ['of an organiser stays', room(), room({}, rules({ chat: false })), byOrganiser, byOrganiser],
    ['gives way to the floor', room({}, rules({ microphones: false })), room({ except: { microphone: true } }, rules({ microphones: false })), byRule, { kind: 'floor' }],
    ['of blocked sound does not', room(), room({ except: { microphone: true } }), { kind: 'audio-blocked' }, { kind: 'audio-blocked' }],
    ['of the floor goes when it is taken back', room({ except: { microphone: true } }, rules({ microphones: false })), room({}, rules({ microphones: false })), { kind: 'floor' }, undefined],
    ['of the pause goes with its end', room({}, { pause: 9 }), room(), error('paused'), undefined],
    ['of the pause stays while it lasts', room({}, { pause: 9 }), room({}, { pause: 9, emergency: true }), error('paused'), error('paused')],
    ['of being held goes with the release', room({ held: true }), room(), error('held'), undefined],
    ['of a missing right goes when it is there', room({}, rules({ microphones: false })), room(), error('mic-not-allowed'), undefined],
    ['of a missing right stays when another comes', room({}, rules({ microphones: false, chat: false })), room({}, rules({ microphones: false })), error('mic-not-allowed'), error('mic-not-allowed')],
    ['of something else stays', room({}, { pause: 9 }), room(), error('code-invalid'), error('code-invalid')],
    ['that explains goes with the pause', room({}, { pause: 9 }), room(), explained, undefined],
    ['that explains goes when something is allowed', room({ held: true }), room(), explained, undefined],
    ['that explains stays otherwise', room(), room({}, rules({ chat: false })), explained, explained],
    ['stays when somebody comes in anew', room({ held: true }), room({}, { self: 'other' }), stopped, stopped],
  ])('%s', (_what, before, after, notice, want) => {
    expect(noticeAfter(before, { ...after, notice })).toEqual(want);
  });

  it('changes with what the server says', () => {
    const held = room({ held: true }, { notice: stopped });
    const released = reduceRoom(held, { type: 'server', message: { type: 'participantChanged', participant: me() }, now: 1 });
    expect(released.notice).toEqual({ kind: 'released' });
    const paused = room({}, { notice: error('paused'), pause: 9 });
    expect(reduceRoom(paused, { type: 'server', message: { type: 'pause' }, now: 1 }).notice).toBeUndefined();
  });
});

it.each<[Notice, boolean, boolean]>([
  [byOrganiser, true, false],
  [stopped, false, true],
  [{ kind: 'again', source: 'camera' }, false, true],
  [{ kind: 'floor' }, true, false],
  [{ kind: 'released' }, true, true],
  [explained, false, false],
  [error('paused'), false, false],
  [{ kind: 'audio-blocked' }, false, false],
])('%o is settled by the microphone: %s, by the camera: %s', (notice, byMic, byCamera) => {
  const off = { mic: false, camera: false, screen: false };
  expect(settledBy(notice, off)).toBe(false);
  expect(settledBy(notice, { ...off, mic: true })).toBe(byMic);
  expect(settledBy(notice, { ...off, camera: true })).toBe(byCamera);
});
