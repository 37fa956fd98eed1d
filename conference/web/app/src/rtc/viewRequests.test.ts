import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Want } from '../signaling/messages';
import type { VisibleTile } from './view';
import { ViewRequests } from './viewRequests';

const tile = (participant: string, height = 90): VisibleTile => ({ participant, source: 'camera', height });
let sent: (readonly Want[])[];
let reachable: boolean;
let shown: boolean;
let requests: ViewRequests;
const asked = (): readonly (readonly string[])[] => sent.map((want) => want.map((w) => `${w.participant} ${w.height}`));

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  reachable = true;
  shown = true;
  requests = new ViewRequests(2, () => ({ shown, pixelRatio: 2 }), (want) => {
    if (reachable) sent.push(want);
    return reachable;
  });
});
afterEach(() => { vi.useRealTimers(); });

it('asks once it is calm, for what changed', () => {
  requests.show([tile('a')]);
  vi.advanceTimersByTime(149);
  requests.show([tile('a'), tile('b')]);
  vi.advanceTimersByTime(149);
  expect(asked()).toEqual([]);
  vi.advanceTimersByTime(1);
  requests.show([tile('a'), tile('b')]);
  vi.advanceTimersByTime(1000);
  expect(asked()).toEqual([['a 180', 'b 180']]);
});

it('asks for no more than there are slots', () => {
  requests.show([tile('a'), tile('b'), tile('c')]);
  vi.advanceTimersByTime(150);
  expect(asked()).toEqual([['a 180', 'b 180']]);
});

it('asks for nothing while the page is behind, and again afterwards', () => {
  requests.show([tile('a')]);
  vi.advanceTimersByTime(150);
  shown = false;
  requests.soon();
  vi.advanceTimersByTime(150);
  shown = true;
  requests.soon();
  vi.advanceTimersByTime(150);
  expect(asked()).toEqual([['a 180'], [], ['a 180']]);
});

it('tells a server that believes nothing, and does not repeat nothing', () => {
  requests.anew([]);
  expect(asked()).toEqual([]);
  requests.show([tile('a')]);
  requests.anew([]);
  requests.anew([]);
  expect(asked()).toEqual([['a 180'], ['a 180']]);
});

it('tells a server that may believe anything also that it wants nothing', () => {
  requests.anew(undefined);
  expect(asked()).toEqual([[]]);
});

it('has told nothing while nobody is there', () => {
  reachable = false;
  requests.show([tile('a')]);
  vi.advanceTimersByTime(150);
  reachable = true;
  requests.soon();
  vi.advanceTimersByTime(150);
  expect(asked()).toEqual([['a 180']]);
});

it('asks nothing after the end', () => {
  requests.show([tile('a')]);
  requests.close();
  vi.advanceTimersByTime(1000);
  expect(asked()).toEqual([]);
});
