import type { Participant } from '../signaling/messages';

/** One stay of one person; who goes and comes again has two. Milliseconds since 1970. */
export interface Stay {
  readonly id: string;
  readonly name: string;
  readonly came: number;
  /** undefined: still inside. */
  readonly left: number | undefined;
}

/**
 * Who came when and left when, as an organiser's page has seen it. Only this page knows it: nothing of it is sent or stored. `present` is
 * who is inside now.
 */
export function attend(stays: readonly Stay[], present: readonly Participant[], now: number): readonly Stay[] {
  const inside = new Set(present.map((p) => p.id));
  const known = new Set(stays.filter((s) => s.left === undefined).map((s) => s.id));
  const came = present.filter((p) => !known.has(p.id));
  const gone = stays.some((s) => s.left === undefined && !inside.has(s.id));
  if (came.length === 0 && !gone) return stays;
  return [
    ...stays.map((s) => (s.left === undefined && !inside.has(s.id) ? { ...s, left: now } : s)),
    ...came.map(({ id, name }) => ({ id, name, came: now, left: undefined })),
  ];
}

/** What a column is called, and how a moment is written. */
export interface AttendanceWords {
  readonly name: string;
  readonly came: string;
  readonly left: string;
  readonly time: (at: number) => string;
}

/** For a spreadsheet: semicolons and a byte-order mark, which is what Excel in German opens without being asked; RFC 4180 for the rest. */
export function attendanceCSV(stays: readonly Stay[], words: AttendanceWords): string {
  const rows = [
    [words.name, words.came, words.left],
    ...stays.map((s) => [s.name, words.time(s.came), s.left === undefined ? '' : words.time(s.left)]),
  ];
  return `\uFEFF${rows.map((row) => `${row.map(cell).join(';')}\r\n`).join('')}`;
}

/**
 * A name that begins like a formula must stay a name (OWASP, CSV injection), also one in letters of full width, and also behind a comma where
 * that parts the columns.
 */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[";,\t\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
