import { roomOfPath } from './path';

/** What somebody typed or pasted to get into a room. */
export type Typed =
  /** A room's name, permitted or not. */
  | { readonly kind: 'name'; readonly name: string }
  /** A link to some other site: it is not followed. */
  | { readonly kind: 'elsewhere'; readonly host: string };

/** The name or link without what surrounds it. A link's host must be this page's own, compared without regard to case and "www.". */
export function readTyped(typed: string, host: string): Typed {
  const text = typed.trim();
  const url = linkOf(text, host);
  if (url === undefined) return { kind: 'name', name: text };
  if (plainHost(url.host) !== plainHost(host)) return { kind: 'elsewhere', host: url.hostname };
  return { kind: 'name', name: roomOfPath(url.pathname) ?? '' };
}

const plainHost = (host: string): string => host.toLowerCase().replace(/^www\./, '');

/** A link, also one without "https://" before this page's own host. */
function linkOf(text: string, host: string): URL | undefined {
  const withScheme = /^https?:\/\//i.test(text) ? text : text.toLowerCase().startsWith(`${host.toLowerCase()}/`) ? `https://${text}` : undefined;
  return withScheme !== undefined && URL.canParse(withScheme) ? new URL(withScheme) : undefined;
}

/** The first link within a pasted text, such as a whole invitation; undefined when it holds none, or is nothing but a link. */
export function linkWithin(pasted: string): string | undefined {
  const found = /https?:\/\/[^\s<>"'„“”]+/i.exec(pasted)?.[0].replace(/[.,;:!?)\]]+$/, '');
  return found === undefined || found === pasted.trim() ? undefined : found;
}
