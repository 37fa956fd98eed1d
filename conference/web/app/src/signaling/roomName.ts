// Room names: letters A–Z a–z, digits, hyphen; 3 to 64 characters; the first is a letter or digit (docs/signaling.md). A name is never
// changed silently: the page shows a suggestion and the teacher decides.

const shape = /^[A-Za-z0-9][A-Za-z0-9-]{2,63}$/;
const reserved: ReadonlySet<string> = new Set([
  'api', 'assets', 'netztest', 'meine-raeume', 'weiter',
  'hilfe', 'datenschutz', 'nutzung', 'impressum', 'barrierefreiheit', 'kontakt',
]);

export function isRoomName(name: string): boolean {
  return shape.test(name) && !reserved.has(name.toLowerCase());
}

const letters: Readonly<Record<string, string>> = {
  ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue', ẞ: 'SS',
  æ: 'ae', Æ: 'Ae', œ: 'oe', Œ: 'Oe', ø: 'oe', Ø: 'Oe', å: 'aa', Å: 'Aa', ð: 'd', Ð: 'D', þ: 'th', Þ: 'Th', ł: 'l', Ł: 'L', ı: 'i',
};

/** A permitted name close to what was typed, or undefined when nothing usable is left of it. */
export function suggestRoomName(typed: string): string | undefined {
  const spelled = [...typed.normalize('NFC')].map((letter) => letters[letter] ?? letter).join('');
  const plain = spelled.normalize('NFKD').replace(/\p{M}/gu, '');
  const joined = plain.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  const cut = joined.slice(0, 64).replace(/-+$/, '');
  if (isRoomName(cut)) return cut;
  const longer = `Raum-${cut}`;
  return cut !== '' && isRoomName(longer) ? longer : undefined;
}
