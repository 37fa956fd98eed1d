/** A piece of a message: plain text, or the address of a page. */
export type Piece = { readonly kind: 'text' | 'link'; readonly text: string };

/** Without characters that cannot be seen: those that turn the direction of writing make an address look like another one. */
const address = /\bhttps?:\/\/[^\s\p{C}<>"„“”‘’`]+/giu;
/** What stands behind an address belongs to the sentence. */
const trailing = /[.,;:!?'*_~]+$/u;

/** Finds the addresses in a message. Only http and https count; the pieces joined are the message again. */
export function piecesOf(message: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  const push = (kind: Piece['kind'], text: string): void => {
    if (text !== '') pieces.push({ kind, text });
  };
  for (const match of message.matchAll(address)) {
    const link = withoutTail(match[0]);
    if (!leadsSomewhere(link)) continue;
    push('text', message.slice(at, match.index));
    push('link', link);
    at = match.index + link.length;
  }
  push('text', message.slice(at));
  return pieces;
}

/** An address with a user before the host looks like one of that name: https://bekannt.example@anders.example. */
function leadsSomewhere(link: string): boolean {
  if (!URL.canParse(link)) return false;
  const { hostname, username, password } = new URL(link);
  return hostname !== '' && username === '' && password === '';
}

function withoutTail(found: string): string {
  let link = found.replace(trailing, '');
  // A closing bracket counts only if one was opened.
  while (link.endsWith(')') && count(link, ')') > count(link, '(')) link = link.slice(0, -1).replace(trailing, '');
  return link;
}

const count = (text: string, letter: string): number => text.split(letter).length - 1;
