import { describe, expect, it } from 'vitest';
import { de } from './de';
import { en } from './en';

/** Every text by its path; functions are called with something that must show up in what they return. */
function flatten(value: unknown, path = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[path, value]]);
  if (typeof value === 'function') {
    const call = value as (...args: unknown[]) => string;
    const given = Array.from({ length: call.length }, (_, i) => 4711 + i);
    return new Map([[path, call(...given)]]);
  }
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is neither text nor group`);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flatten(inner, path === '' ? key : `${path}.${key}`)]));
}

const german = flatten(de);
const english = flatten(en);

describe('texts', () => {
  it('have the same keys in both languages', () => {
    expect([...english.keys()]).toEqual([...german.keys()]);
  });

  it.each([['German', german], ['English', english]])('%s: none is empty', (_language, texts) => {
    expect([...texts].filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('use every parameter in both languages', () => {
    for (const [path, text] of german) {
      const numbers = (t: string | undefined): string[] => [...(t ?? '').matchAll(/471\d/g)].map(([n]) => n).sort();
      expect({ [path]: numbers(english.get(path)) }).toEqual({ [path]: numbers(text) });
    }
  });

  it('are translated', () => {
    const same = [...german].filter(([path, text]) => english.get(path) === text).map(([path]) => path);
    // Words and patterns that are the same in both languages.
    expect(same).toEqual(['product', 'moderation.rules.chatTitle', 'moderation.people.name', 'toolbar.chat', 'toolbar.shortcut', 'chat.title']);
  });

  it('address people formally in German', () => {
    expect([...german.values()].filter((text) => /\b(du|dein|deine|dich|dir|euch|eure)\b/i.test(text))).toEqual([]);
  });
});
