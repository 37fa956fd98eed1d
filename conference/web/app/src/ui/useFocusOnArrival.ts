import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';
import { countArrivals } from './path';

/**
 * Moves the focus to a page's heading when somebody came to it by a link of this page, so that keyboard and screen reader start there. When
 * the browser has just loaded the page it begins at its top by itself.
 */
export function useFocusOnArrival<T extends HTMLElement>(): RefObject<T | null> {
  const ref = useRef<T>(null);
  useEffect(() => {
    if (countArrivals() > 0) ref.current?.focus({ preventScroll: true });
  }, []);
  return ref;
}
