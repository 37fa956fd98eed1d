import { describe, expect, it } from 'vitest';
import type { Participant } from '../signaling/messages';
import { attend, attendanceCSV } from './attendance';

const person = (id: string): Participant => ({ id, name: `Name ${id}`, role: 'participant', mic: false, camera: false, screen: false });

describe('attend', () => {
  const first = attend([], [person('a'), person('b')], 10);

  it('notes who comes, who goes and who comes again', () => {
    const gone = attend(first, [person('a')], 20);
    expect(gone).toEqual([
      { id: 'a', name: 'Name a', came: 10, left: undefined },
      { id: 'b', name: 'Name b', came: 10, left: 20 },
    ]);
    expect(attend(gone, [person('a'), person('b')], 30).slice(2)).toEqual([{ id: 'b', name: 'Name b', came: 30, left: undefined }]);
  });

  it('stays the same list when nobody came or went', () => {
    expect(attend(first, [person('b'), person('a')], 20)).toBe(first);
  });

  it('closes all stays at the end', () => {
    expect(attend(first, [], 40).map((s) => s.left)).toEqual([40, 40]);
  });
});

describe('attendanceCSV', () => {
  const words = { name: 'Name', came: 'gekommen', left: 'gegangen', time: (at: number) => `t${at}` };
  const row = (name: string): string | undefined => attendanceCSV([{ id: 'a', name, came: 1, left: 2 }], words).split('\r\n')[1];

  it('is what Excel opens', () => {
    expect(attendanceCSV([{ id: 'a', name: 'Ayşe Größe', came: 1, left: undefined }], words)).toBe('\uFEFFName;gekommen;gegangen\r\nAyşe Größe;t1;\r\n');
  });

  it.each([
    ['Mia; Ben', '"Mia; Ben";t1;t2'],
    ['Mia "Mo"', '"Mia ""Mo""";t1;t2'],
    ['=SUMME(A1)', "'=SUMME(A1);t1;t2"],
    ['@Mia', "'@Mia;t1;t2"],
    ['-1', "'-1;t1;t2"],
    ['＝SUMME(A1)', "'＝SUMME(A1);t1;t2"],
    ['Mia,=SUMME(A1)', '"Mia,=SUMME(A1)";t1;t2'],
  ])('writes the name %s harmlessly', (name, written) => {
    expect(row(name)).toBe(written);
  });
});
