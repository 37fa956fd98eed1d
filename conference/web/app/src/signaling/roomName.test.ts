import { describe, expect, it } from 'vitest';
import { isRoomName, suggestRoomName } from './roomName';

describe('isRoomName', () => {
  it.each(['Klasse-5a', 'abc', '5-a', '1234', 'a'.repeat(64), 'API-Kurs', 'a--'])('permits %s', (name) => {
    expect(isRoomName(name)).toBe(true);
  });

  it.each(['', 'ab', '-abc', 'a'.repeat(65), 'Klasse 5a', 'Größe', 'api', 'API', 'assets', 'Assets', 'Hilfe', 'netztest', 'abc\n', 'a/b/c', 'a_b', 'a.b.c', '５５５'])('refuses %j', (name) => {
    expect(isRoomName(name)).toBe(false);
  });
});

describe('suggestRoomName', () => {
  it.each([
    ['Klasse 5a Größe', 'Klasse-5a-Groesse'],
    ['Übung', 'Uebung'],
    ['Straße', 'Strasse'],
    ['  Deutsch  –  LK  ', 'Deutsch-LK'],
    ['Français à 8h', 'Francais-a-8h'],
    ['u\u0308ben', 'ueben'],
    ['Klasse_5a', 'Klasse-5a'],
    ['Łódź', 'Lodz'],
    ['5a', 'Raum-5a'],
    ['api', 'Raum-api'],
    [`${'a'.repeat(63)} b`, 'a'.repeat(63)],
    ['３b Mathe', '3b-Mathe'],
  ])('%j becomes %s', (typed, suggestion) => {
    expect(suggestRoomName(typed)).toBe(suggestion);
  });

  it.each(['', '   ', '–––', '😀😀😀', 'Математика'])('has none for %j', (typed) => {
    expect(suggestRoomName(typed)).toBeUndefined();
  });

  it('suggests only what is permitted', () => {
    for (let code = 0; code < 0x3000; code++) {
      const letter = String.fromCodePoint(code);
      for (const typed of [letter, `Raum ${letter}`, `${letter}5a${letter}`]) {
        const suggestion = suggestRoomName(typed);
        if (suggestion !== undefined && !isRoomName(suggestion)) expect.fail(`${JSON.stringify(typed)} gave ${suggestion}`);
      }
    }
  });
});
