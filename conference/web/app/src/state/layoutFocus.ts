/** Who has the floor, with the patience that keeps the page calm. Times in milliseconds. */
export interface Focus {
  readonly person: string | undefined;
  readonly since: number;
  /** Who has been the loudest since then, but is not shown large yet. */
  readonly rival: { readonly person: string; readonly since: number } | undefined;
}

export const noFocus: Focus = { person: undefined, since: 0, rival: undefined };

/** Somebody must be the loudest for so long without a break: a cough or a "yes" moves nothing. */
const patience = 1500;
/** Somebody who was given the floor keeps it for so long. */
const least = 3000;

export interface Floor {
  readonly focus: Focus;
  /** When to look again if nothing happens before; undefined: need not. */
  readonly recheck: number | undefined;
}

/** `loudest` is the loudest person besides oneself, undefined in silence, in which who spoke last keeps the floor. `present` are all IDs. */
export function followSpeaker(focus: Focus, loudest: string | undefined, present: ReadonlySet<string>, now: number): Floor {
  const heard = loudest !== undefined && present.has(loudest) ? loudest : undefined;
  const stays = focus.person !== undefined && present.has(focus.person);
  if (!stays) return { focus: heard === undefined ? noFocus : { person: heard, since: now, rival: undefined }, recheck: undefined };
  if (heard === undefined || heard === focus.person) return { focus: focus.rival ? { ...focus, rival: undefined } : focus, recheck: undefined };
  const rival = focus.rival?.person === heard ? focus.rival : { person: heard, since: now };
  const turn = Math.max(rival.since + patience, focus.since + least);
  if (now >= turn) return { focus: { person: heard, since: now, rival: undefined }, recheck: undefined };
  return { focus: rival === focus.rival ? focus : { ...focus, rival }, recheck: turn };
}
