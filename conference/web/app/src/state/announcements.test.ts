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
const led: RoomState = { ...inside, participants: [person('me', { role: 'organiser' })] };
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
  [
    'tells somebody that they have the floor, also where all may speak', inside, { ...inside, participants: [person('me', { except: { microphone: true } })] },
    [{ kind: 'maySpeak' }],
  ],
  ['says that cameras are allowed again', { ...inside, settings: { ...openSettings, cameras: false } }, inside, [{ kind: 'mayFilm' }]],
  [
    'tells organisers who has the floor', { ...led, participants: [person('me', { role: 'organiser' }), person('Ben'), person('Mia', { except: { microphone: true } })] },
    { ...led, participants: [person('me', { role: 'organiser' }), person('Ben', { except: { microphone: true } }), person('Mia')] },
    [{ kind: 'floor', name: 'Ben' }, { kind: 'floorBack', name: 'Mia' }],
  ],
  [
    'and nobody else', { ...inside, participants: [person('me'), person('Ben')] },
    { ...inside, participants: [person('me'), person('Ben', { except: { microphone: true } })] }, [],
  ],
  ['says whose code was not looked at', led, { ...led, lobby: [{ id: 'v', name: 'Finn', unchecked: true }] }, [{ kind: 'unchecked', name: 'Finn' }]],
])('%s', (_what, before, after, said) => {
  expect(announcementsBetween(before, after)).toEqual(said);
});
