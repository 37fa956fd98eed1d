import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pause, within } from './within';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

const never = new Promise<string>(() => undefined);

it('gives what the promise gives', async () => {
  expect(await within(10, new AbortController().signal, Promise.resolve('x'))).toBe('x');
});

it('gives nothing for a promise that rejects', async () => {
  expect(await within(10, new AbortController().signal, Promise.reject<string>(new Error('no')))).toBeUndefined();
});

it('gives nothing after the time', async () => {
  const result = within(10, new AbortController().signal, never);
  await vi.advanceTimersByTimeAsync(10);
  expect(await result).toBeUndefined();
});

it('gives nothing after the signal, also one that came before', async () => {
  const stopper = new AbortController();
  const result = within(10, stopper.signal, never);
  stopper.abort();
  expect(await result).toBeUndefined();
  expect(await within(10, stopper.signal, never)).toBeUndefined();
  expect(vi.getTimerCount()).toBe(0);
});

it('a pause ends with the signal', async () => {
  const stopper = new AbortController();
  const result = pause(1000, stopper.signal);
  stopper.abort();
  await result;
  expect(vi.getTimerCount()).toBe(0);
});
