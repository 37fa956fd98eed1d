/** When the next attempt to connect comes. */
export interface Backoff {
  /** Milliseconds before the first retry, before jitter. */
  readonly first: number;
  /** Milliseconds; no wait is longer. */
  readonly longest: number;
}

/** A portal restarts within seconds while the lesson's media goes on: browsers should be back within three. */
export const reconnectBackoff: Backoff = { first: 500, longest: 2000 };

/**
 * Milliseconds to wait before retry `attempt` (0 is the first). Doubles each time; half of it is drawn at random, so that a class that
 * lost its server does not come back in one instant.
 */
export function backoffDelay(attempt: number, backoff: Backoff, random: () => number): number {
  const full = Math.min(backoff.longest, backoff.first * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
