/** When the next attempt to connect comes. */
export interface Backoff {
  /** Milliseconds before the first retry, before jitter. */
  readonly first: number;
  /** Milliseconds; no wait is longer. */
  readonly longest: number;
}

/** A county of one machine restarts within seconds; browsers should be back within ten. */
export const reconnectBackoff: Backoff = { first: 400, longest: 8000 };

/**
 * Milliseconds to wait before retry `attempt` (0 is the first). Doubles each time; half of it is drawn at random, so that a class that
 * lost its server does not come back in one instant.
 */
export function backoffDelay(attempt: number, backoff: Backoff, random: () => number): number {
  const full = Math.min(backoff.longest, backoff.first * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
