import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';

/** Keeps the focus in a box when the button that had it is gone, answered: the next Tab goes on from there and not from the page's top. */
export function useFocusKept<T extends HTMLElement>(): RefObject<T | null> {
  const box = useRef<T>(null);
  const last = useRef<Element | null>(null);
  useEffect(() => {
    const { activeElement } = document;
    const lost = last.current !== null && !last.current.isConnected && activeElement === document.body;
    if (lost) box.current?.focus({ preventScroll: true });
    last.current = box.current?.contains(document.activeElement) === true ? document.activeElement : null;
  });
  useEffect(() => {
    const note = (event: FocusEvent): void => { last.current = event.target instanceof Element ? event.target : null; };
    const element = box.current;
    element?.addEventListener('focusin', note);
    return () => { element?.removeEventListener('focusin', note); };
  }, []);
  return box;
}
