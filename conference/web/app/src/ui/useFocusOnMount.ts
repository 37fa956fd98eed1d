import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';

/** Moves the focus to a screen's heading when the screen appears, so that keyboard and screen reader start at its top. */
export function useFocusOnMount<T extends HTMLElement>(): RefObject<T | null> {
  const ref = useRef<T>(null);
  useEffect(() => {
    ref.current?.focus({ preventScroll: true });
  }, []);
  return ref;
}
