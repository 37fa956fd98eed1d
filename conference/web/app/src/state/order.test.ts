import { describe, expect, it } from 'vitest';
import type { Participant } from '../signaling/messages';
import { colourIndex, initials, peopleOrder, presenterOf, tileOrder } from './order';

const person = (id: string, over: Partial<Participant> = {}): Participant => ({
  id, name: id, role: 'participant', mic: false, camera: false, screen: false, ...over,
});
const ids = (people: readonly Participant[]): string[] => people.map((p) => p.id);

describe('tileOrder', () => {
  const room = [person('b'), person('t', { role: 'organiser' }), person('me'), person('a')];

  it('is oneself, organisers, then the order of coming', () => {
    expect(ids(tileOrder(room, 'me'))).toEqual(['me', 't', 'b', 'a']);
  });

  it('does not move tiles when people speak, switch cameras or come', () => {
    const busy = room.map((p) => ({ ...p, mic: !p.mic, camera: true, screen: p.id === 'a' }));
    expect(ids(tileOrder(busy, 'me'))).toEqual(ids(tileOrder(room, 'me')));
    expect(ids(tileOrder([...room, person('c')], 'me'))).toEqual(['me', 't', 'b', 'a', 'c']);
  });
});

it('peopleOrder is by name, German and with numbers in order', () => {
  const room = ['Zoe', 'Ömer', 'Kind 10', 'Kind 9', 'Oskar', 'me'].map((id) => person(id));
  expect(ids(peopleOrder(room, 'me'))).toEqual(['me', 'Kind 9', 'Kind 10', 'Ömer', 'Oskar', 'Zoe']);
});

it('presenterOf is the first who shares', () => {
  expect(presenterOf([person('a'), person('b', { screen: true }), person('c', { screen: true })])?.id).toBe('b');
  expect(presenterOf([person('a')])).toBeUndefined();
});

it('colourIndex is steady and within bounds', () => {
  const used = new Set(Array.from({ length: 200 }, (_, i) => colourIndex(`id-${i}`, 8)));
  expect(used.size).toBe(8);
  expect(colourIndex('id-7', 8)).toBe(colourIndex('id-7', 8));
});

it.each([
  ['Mia Beispiel', 'MB'],
  ['Frau Dr. Ahorn', 'FA'],
  ['Marie-Theres', 'MT'],
  ['ömer', 'Ö'],
  ['😀 Kind', '😀K'],
  ['', ''],
])('initials of %j are %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});
