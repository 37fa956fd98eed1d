import { useSyncExternalStore } from 'react';

const moved = new EventTarget();

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
  window.scrollTo(0, 0);
  moved.dispatchEvent(new Event('moved'));
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
