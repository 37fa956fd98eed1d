import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LineWatch } from './lineWatch';

let now: number;
let told: string[];
let reachable: boolean;
let lossy: boolean;
let sent: number;
let lost: number;
let watch: LineWatch;

const stats = (): Promise<ReadonlyMap<string, unknown>> => {
  sent += 200;
  lost += lossy ? 60 : 0;
  return Promise.resolve(new Map<string, unknown>([
    ['O', { id: 'O', type: 'outbound-rtp', packetsSent: sent }],
    ['R', { id: 'R', type: 'remote-inbound-rtp', packetsLost: lost }],
  ]));
};

const pass = async (seconds: number): Promise<void> => {
  for (let i = 0; i < seconds; i++) {
    now += 1000;
    await vi.advanceTimersByTimeAsync(1000);
  }
};

beforeEach(() => {
  vi.useFakeTimers();
  now = 0;
  told = [];
  reachable = true;
  lossy = false;
  sent = 0;
  lost = 0;
  watch = new LineWatch((level) => {
    if (reachable) told.push(level);
    return reachable;
  }, () => now);
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

it('tells each change once', async () => {
  watch.follow(stats);
  await pass(10);
  expect(told).toEqual([]);
  lossy = true;
  await pass(20);
  expect(told).toEqual(['bad']);
  lossy = false;
  await pass(20);
  expect(told).toEqual(['bad', 'good']);
});

it('tells later what could not be told, and again after joining anew', async () => {
  watch.follow(stats);
  reachable = false;
  lossy = true;
  await pass(10);
  reachable = true;
  await pass(2);
  expect(told).toEqual(['bad']);
  watch.tellAgain();
  expect(told).toEqual(['bad', 'bad']);
});

it('keeps its judgement over a new connection and ignores what the old one says late', async () => {
  lossy = true;
  watch.follow(stats);
  await pass(10);
  let answer: (report: ReadonlyMap<string, unknown>) => void = () => undefined;
  watch.follow(() => new Promise((resolve) => { answer = resolve; }));
  await pass(2);
  watch.follow(undefined);
  answer(new Map());
  await pass(1);
  expect(watch.getState()).toMatchObject({ level: 'bad', recent: [] });
});

it('asks nothing any more once it is closed', async () => {
  watch.follow(stats);
  watch.close();
  await pass(10);
  expect(sent).toBe(0);
});
