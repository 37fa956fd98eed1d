import { describe, expect, it } from 'vitest';
import { encodeWinAnsi, widthOf } from './helvetica';
import type { Paragraph } from './pdf';
import { makePdf, wrap } from './pdf';

describe('helvetica', () => {
  it.each([
    ['Größe', [0x47, 0x72, 0xf6, 0xdf, 0x65]],
    ['„5a“ – …€', [0x84, 0x35, 0x61, 0x93, 0x20, 0x96, 0x20, 0x85, 0x80]],
    ['日✓', [63, 63]],
    ['o\u0308', [0xf6]],
  ])('%s', (text, codes) => {
    expect(encodeWinAnsi(text)).toEqual(codes);
  });

  it('knows how wide words are', () => {
    // Adobe Core 14 AFM: H 722, a 556, l 222, o 556; bold: H 722, a 556, l 278, o 611.
    expect(widthOf('Hallo', 'regular', 1000)).toBe(722 + 556 + 222 + 222 + 556);
    expect(widthOf('Hallo', 'bold', 10)).toBeCloseTo((722 + 556 + 278 + 278 + 611) / 100);
  });
});

it('lines are as wide as they may be, and no word is lost', () => {
  const text = 'Bitte öffnen Sie UDP-Port 10000 zu videoklassenzimmer.medienzentrum-musterkreis.example und auch den zweiten.\nNeue Zeile';
  const lines = wrap(text, 'regular', 10, 150);
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) expect(widthOf(line, 'regular', 10)).toBeLessThanOrEqual(150);
  expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
  expect(lines.at(-1)).toBe('Neue Zeile');
});

describe('the file', () => {
  const paragraphs: Paragraph[] = [
    { kind: 'title', text: 'Netztest' },
    { kind: 'heading', text: 'Ergebnis' },
    ...Array.from({ length: 90 }, (_, i) => ({ kind: 'text', text: `Zeile ${i}: Größe (x) \\ „y“`, mark: 'good' }) as const),
  ];
  const file = new TextDecoder('latin1').decode(makePdf(paragraphs, { title: 'Netztest', language: 'de' }));

  it('finds each object where its table says (ISO 32000-1 §7.5.4)', () => {
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(file)?.[1]);
    expect(file.slice(start, start + 5)).toBe('xref\n');
    const offsets = [...file.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));
    expect(offsets.length).toBe(Number(/\/Size (\d+)/.exec(file)?.[1]) - 1);
    offsets.forEach((offset, i) => { expect(file.slice(offset, offset + 12)).toMatch(new RegExp(`^${i + 1} 0 obj`)); });
  });

  it('says how long its streams are', () => {
    const streams = [...file.matchAll(/<<\/Length (\d+)>>stream\n([^]*?)\nendstream/g)];
    expect(streams.length).toBeGreaterThan(1);
    for (const [, length, body] of streams) expect(body?.length).toBe(Number(length));
  });

  it('goes on on further pages and tags every line', () => {
    expect(file).toContain(`/Count ${[...file.matchAll(/\/Type\/Page\//g)].length}`);
    const marked = [...file.matchAll(/BDC/g)].length;
    expect([...file.matchAll(/\/Type\/MCR/g)].length).toBe(marked);
    expect(marked).toBe(paragraphs.length);
  });
});
