import { useSyncExternalStore } from 'react';

const moved = new EventTarget();
let arrivals = 0;

/** How often the address changed without a new page being loaded. */
export function countArrivals(): number {
  return arrivals;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener);
  moved.addEventListener('moved', listener);
  return () => {
    window.removeEventListener('popstate', listener);
    moved.removeEventListener('moved', listener);
  };
}

/** The address's path, followed as it changes. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

export function navigate(path: string): void {
  window.history.pushState(null, '', path);
  arrive();
}

/** Goes on to a path without leaving the present address in the history, where it holds a secret or leads nowhere any more. */
export function replacePath(path: string): void {
  window.history.replaceState(null, '', path);
  arrive();
}

function arrive(): void {
  arrivals += 1;
  window.scrollTo(0, 0);
  moved.dispatchEvent(new Event('moved'));
}

/** Counts the browser's back and forward as arrivals too. Called once, before the page is drawn. */
export function watchHistory(): void {
  window.addEventListener('popstate', () => { arrivals += 1; });
}

/** The room that a path names, or undefined for the start page. A malformed escape is taken literally. */
export function roomOfPath(path: string): string | undefined {
  const segment = path.split('/')[1] ?? '';
  if (segment === '') return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export function pathOfRoom(room: string): string {
  return `/${encodeURIComponent(room)}`;
}

/** Pages of this program that are no rooms. */
export const paths = { home: '/', myRooms: '/meine-raeume', networkTest: '/netztest', handover: '/weiter' } as const;

/** Pages that the server writes (docs/classroom.md); they understand `?lang=`. */
export const documents = {
  help: '/hilfe', privacy: '/datenschutz', terms: '/nutzung', imprint: '/impressum', accessibility: '/barrierefreiheit', contact: '/kontakt',
} as const;
