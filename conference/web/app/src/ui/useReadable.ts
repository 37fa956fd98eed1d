import { useSyncExternalStore } from 'react';
import type { Readable } from '../state/store';

export function useReadable<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.getState);
}
