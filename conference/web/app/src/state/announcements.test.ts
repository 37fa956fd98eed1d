import { expect, it } from 'vitest';
import type { Participant } from '../signaling/messages';
import { announcementsBetween } from './announcements';
import { openSettings } from './rights';
import type { RoomState } from './room';
import { initialRoom } from './room';

const person = (id: string, over: Partial<Participant> = {}): Participant => ({
  id, name: id, role: 'participant', mic: false, camera: false, screen: false, ...over,
});
const inside: RoomState = { ...initialRoom, phase: { kind: 'inside' }, link: 'ok', self: 'me', participants: [person('me')] };
const locked = { ...openSettings, locked: true };
const chat = (id: string, from: string) => ({ id, from, name: from, text: `text ${id}`, at: 1 });

it.each<[string, RoomState, RoomState, unknown]>([
  ['says that one is inside', initialRoom, inside, [{ kind: 'inside' }]],
  ['is silent when nothing happens', inside, { ...inside, speakers: ['me'] }, []],
  ['is silent at the door', inside, { ...inside, phase: { kind: 'waiting', sentBack: false, taken: false } }, []],
  ['names who comes', inside, { ...inside, participants: [person('me'), person('Ben')] }, [{ kind: 'joined', name: 'Ben' }]],
  ['names who goes', { ...inside, participants: [person('me'), person('Ben')] }, inside, [{ kind: 'left', name: 'Ben' }]],
  [
    'sums up a class', inside, { ...inside, participants: [person('me'), ...['a', 'b', 'c', 'd'].map((id) => person(id))] },
    [{ kind: 'many', count: 5 }],
  ],
  ['reads messages of others', inside, { ...inside, chat: [chat('1', 'Ben'), chat('2', 'me')] }, [{ kind: 'chat', name: 'Ben', text: 'text 1' }]],
  [
    'says who shares', { ...inside, participants: [person('me'), person('Ben')] },
    { ...inside, participants: [person('me'), person('Ben', { screen: true })] }, [{ kind: 'screen', name: 'Ben' }],
  ],
  ['is silent about an interruption that is over soon', inside, { ...inside, link: 'mending' }, []],
  ['and about its end', { ...inside, link: 'mending' }, inside, []],
  ['says that the line is lost', { ...inside, link: 'mending' }, { ...inside, link: 'lost' }, [{ kind: 'lost' }]],
  ['says it once', { ...inside, link: 'lost' }, { ...inside, link: 'gaveUp' }, []],
  ['says that it is back', { ...inside, link: 'lost' }, inside, [{ kind: 'back' }]],
  ['says that the room was locked', inside, { ...inside, settings: locked }, [{ kind: 'locked' }]],
  ['says that the room was unlocked', { ...inside, settings: locked }, inside, [{ kind: 'unlocked' }]],
  ['says when the room will end', inside, { ...inside, restart: { at: 7, dismissed: false } }, [{ kind: 'restart', at: 7 }]],
  ['is silent when that is put away', { ...inside, restart: { at: 7, dismissed: false } }, { ...inside, restart: { at: 7, dismissed: true } }, []],
  ['says it again when it comes back', { ...inside, restart: { at: 7, dismissed: true } }, { ...inside, restart: { at: 7, dismissed: false } }, [{ kind: 'restart', at: 7 }]],
  ['names nobody who is away', { ...inside, participants: [person('me'), person('Ben')] }, { ...inside, participants: [person('me'), person('Ben', { away: true })] }, []],
])('%s', (_what, before, after, said) => {
  expect(announcementsBetween(before, after)).toEqual(said);
});
