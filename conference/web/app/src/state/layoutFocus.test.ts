import { describe, expect, it } from 'vitest';
import type { Focus } from './layoutFocus';
import { followSpeaker, noFocus } from './layoutFocus';

const all = new Set(['a', 'b', 'c']);

/** Follows what was heard, [milliseconds, loudest], and tells who has the floor after each. */
function floor(heard: readonly (readonly [number, string | undefined])[], present = all): readonly (string | undefined)[] {
  let focus: Focus = noFocus;
  return heard.map(([now, loudest]) => {
    focus = followSpeaker(focus, loudest, present, now).focus;
    return focus.person;
  });
}

describe('followSpeaker', () => {
  it('gives the floor to the first who speaks, at once', () => {
    expect(floor([[0, undefined], [10, 'a']])).toEqual([undefined, 'a']);
  });

  it('changes after 1.5 s without a break, and not before 3 s of the one before', () => {
    expect(floor([[0, 'a'], [100, 'b'], [1700, 'b'], [3000, 'b']])).toEqual(['a', 'a', 'a', 'b']);
    expect(floor([[0, 'a'], [9000, 'b'], [10_499, 'b'], [10_500, 'b']])).toEqual(['a', 'a', 'a', 'b']);
  });

  it('is not moved by a cough, by silence, or by two who take turns quickly', () => {
    expect(floor([[0, 'a'], [5000, 'b'], [5300, undefined], [5600, 'b'], [6900, 'b']]).at(-1)).toBe('a');
    expect(floor([[0, 'a'], [5000, undefined], [90_000, undefined]]).at(-1)).toBe('a');
    expect(floor(Array.from({ length: 60 }, (_, i) => [i * 500, i % 2 === 0 ? 'a' : 'b'] as const)).every((p) => p === 'a')).toBe(true);
  });

  it('passes the floor on when its holder leaves', () => {
    const { focus } = followSpeaker({ person: 'a', since: 0, rival: undefined }, 'b', new Set(['b']), 10);
    expect(focus.person).toBe('b');
    expect(followSpeaker({ person: 'a', since: 0, rival: undefined }, undefined, new Set(['b']), 10).focus).toBe(noFocus);
  });

  it('says when to look again', () => {
    const first = followSpeaker({ person: 'a', since: 0, rival: undefined }, 'b', all, 100);
    expect(first.recheck).toBe(3000);
    expect(followSpeaker(first.focus, 'b', all, 3000)).toEqual({ focus: { person: 'b', since: 3000, rival: undefined }, recheck: undefined });
  });

  it('does not listen to who is not there', () => {
    expect(followSpeaker(noFocus, 'z', all, 0).focus.person).toBeUndefined();
  });
});
