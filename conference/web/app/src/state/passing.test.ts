import { expect, it, vi } from 'vitest';
import { Passing } from './passing';

it('tells of each when its time is over, and of none after the end', () => {
  vi.useFakeTimers();
  const over: number[] = [];
  const passing = new Passing(5000, (key) => over.push(key));
  passing.begin(1);
  vi.advanceTimersByTime(1000);
  passing.begin(2);
  vi.advanceTimersByTime(4000);
  expect(over).toEqual([1]);
  passing.begin(3);
  vi.advanceTimersByTime(1000);
  expect(over).toEqual([1, 2]);
  passing.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});
