import { describe, expect, it } from 'vitest';
import { linkWithin, readTyped } from './typedRoom';

describe('readTyped', () => {
  it.each([
    ['  Klasse-5a ', { kind: 'name', name: 'Klasse-5a' }],
    ['Klasse 5a Größe', { kind: 'name', name: 'Klasse 5a Größe' }],
    ['https://kurs.example/Klasse-5a', { kind: 'name', name: 'Klasse-5a' }],
    ['HTTPS://WWW.Kurs.Example/Klasse-5a?x=1#y', { kind: 'name', name: 'Klasse-5a' }],
    ['kurs.example/Klasse-5a/', { kind: 'name', name: 'Klasse-5a' }],
    ['https://kurs.example/Gr%C3%B6%C3%9Fe', { kind: 'name', name: 'Größe' }],
    ['https://kurs.example/', { kind: 'name', name: '' }],
    ['https://fremd.example/Klasse-5a', { kind: 'elsewhere', host: 'fremd.example' }],
    ['https://kurs.example@fremd.example/Klasse-5a', { kind: 'elsewhere', host: 'fremd.example' }],
    ['https://kurs.example.fremd.example/a', { kind: 'elsewhere', host: 'kurs.example.fremd.example' }],
    ['https://', { kind: 'name', name: 'https://' }],
    ['kurs.example', { kind: 'name', name: 'kurs.example' }],
  ])('%j', (typed, read) => {
    expect(readTyped(typed, 'kurs.example')).toEqual(read);
  });

  it('minds the port', () => {
    expect(readTyped('https://kurs.example:8443/abc', 'kurs.example:8443')).toEqual({ kind: 'name', name: 'abc' });
    expect(readTyped('https://kurs.example/abc', 'kurs.example:8443')).toEqual({ kind: 'elsewhere', host: 'kurs.example' });
  });
});

it.each([
  ['Videoklassenzimmer „Klasse 5a“\nhttps://kurs.example/Klasse-5a\nRaumcode: 482713', 'https://kurs.example/Klasse-5a'],
  ['Hier ist der Link (https://kurs.example/Klasse-5a).', 'https://kurs.example/Klasse-5a'],
  [' https://kurs.example/Klasse-5a ', undefined],
  ['Klasse-5a', undefined],
])('the link within %j', (pasted, link) => {
  expect(linkWithin(pasted)).toBe(link);
});
