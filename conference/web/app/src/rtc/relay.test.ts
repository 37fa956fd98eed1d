import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Ice } from '../signaling/messages';
import { Relay } from './relay';

const ice = (credential: string): Ice => ({ urls: ['turns:kurs.example:443?transport=tcp'], username: 'u', credential, seconds: 600 });
let asked: number;
let reachable: boolean;
let relay: Relay;
let gone: unknown[];
const go = (): void => { gone.push(relay.servers[0]?.credential); };

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  reachable = true;
  gone = [];
  relay = new Relay(() => {
    asked += 1;
    return reachable;
  });
});
afterEach(() => { vi.useRealTimers(); });

it('goes at once without a relay, and with fresh credentials', () => {
  relay.whenReady(go);
  relay.take(ice('fresh'));
  vi.advanceTimersByTime(8 * 60_000);
  relay.whenReady(go);
  expect([gone, asked]).toEqual([[undefined, 'fresh'], 0]);
  expect(relay.servers).toEqual([{ urls: ['turns:kurs.example:443?transport=tcp'], username: 'u', credential: 'fresh' }]);
});

it('has no server where there is no address', () => {
  relay.take({ ...ice('x'), urls: [] });
  expect(relay.servers).toEqual([]);
});

it('waits for new ones when they are old, once', () => {
  relay.take(ice('old'));
  vi.advanceTimersByTime(8 * 60_000 + 1);
  relay.whenReady(go);
  relay.whenReady(go);
  expect([gone, asked]).toEqual([[], 1]);
  relay.take(ice('new'));
  expect(gone).toEqual(['new']);
  vi.advanceTimersByTime(60_000);
  expect(gone).toEqual(['new']);
});

it('goes with the old ones when no new ones come', () => {
  relay.take(ice('old'));
  vi.advanceTimersByTime(8 * 60_000 + 1);
  relay.whenReady(go);
  vi.advanceTimersByTime(2999);
  expect(gone).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(gone).toEqual(['old']);
});

it('does not wait when nobody can be asked', () => {
  reachable = false;
  relay.take(ice('old'));
  vi.advanceTimersByTime(8 * 60_000 + 1);
  relay.whenReady(go);
  expect([gone, asked]).toEqual([['old'], 1]);
});

it('calls nobody who has stopped waiting', () => {
  relay.take(ice('old'));
  vi.advanceTimersByTime(8 * 60_000 + 1);
  relay.whenReady(go);
  relay.stopWaiting();
  relay.take(ice('new'));
  vi.advanceTimersByTime(60_000);
  expect(gone).toEqual([]);
});
