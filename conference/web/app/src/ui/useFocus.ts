import { useEffect, useState } from 'react';
import type { Focus } from '../state/layoutFocus';
import { followSpeaker, noFocus } from '../state/layoutFocus';
import { Store } from '../state/store';
import { useReadable } from './useReadable';

/** Who has the floor, of `present`, given who is the loudest right now; see layoutFocus. */
export function useFocus(loudest: string | undefined, present: ReadonlySet<string>): string | undefined {
  const [focus] = useState(() => new Store<Focus, Focus>(noFocus, (_, next) => next));
  const { person } = useReadable(focus);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      const now = performance.now();
      const floor = followSpeaker(focus.getState(), loudest, present, now);
      focus.dispatch(floor.focus);
      if (floor.recheck !== undefined) timer = setTimeout(look, floor.recheck - now);
    };
    look();
    return () => { clearTimeout(timer); };
  }, [focus, loudest, present]);
  return person;
}
