import { describe, expect, it } from 'vitest';
import { backoffDelay, reconnectBackoff } from './backoff';

const backoff = { first: 400, longest: 8000 };

describe('backoffDelay', () => {
  it.each([
    [0, 200, 400],
    [1, 400, 800],
    [4, 3200, 6400],
    [5, 4000, 8000],
    [1000, 4000, 8000],
  ])('attempt %i waits between %i and %i ms', (attempt, least, most) => {
    expect(backoffDelay(attempt, backoff, () => 0)).toBe(least);
    expect(backoffDelay(attempt, backoff, () => 1)).toBe(most);
  });

  it('has everybody back within the two seconds that a portal may expect', () => {
    for (let attempt = 0; attempt < 40; attempt++) expect(backoffDelay(attempt, reconnectBackoff, () => 1)).toBeLessThanOrEqual(2000);
  });

  it('spreads a class out', () => {
    const waits = new Set(Array.from({ length: 30 }, (_, i) => backoffDelay(3, backoff, () => i / 30)));
    expect(waits.size).toBe(30);
  });
});
