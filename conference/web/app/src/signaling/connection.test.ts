import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection, patience } from './connection';
import { FakeSocket } from './fakeSocket';
import type { EndReason, Join, ServerMessage } from './messages';

const joined = {
  type: 'joined', self: 'me', resume: 'r.1', participants: [], chat: [], slots: { audio: 8, video: 25 },
  settings: { locked: false, lobby: false, microphones: true, cameras: true, camerasTo: 'everyone', screens: true, chat: true, privateChat: false },
  emergency: false,
  room: { name: 'abc', maxParticipants: 70, screenShare: 'everyone', codeRequired: true },
};

let seen: string[];
let join: Join;
let final: ReadonlySet<EndReason>;
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all.length = 0;
  seen = [];
  join = { type: 'join', name: 'Mia Beispiel', role: 'participant' };
  final = new Set();
  connection = new Connection({
    url: 'wss://kurs.example/api/rooms/abc/ws',
    join: () => join,
    openSocket: (url, protocol) => new FakeSocket(url, protocol),
    random: () => 1,
    final: (reason) => final.has(reason),
    events: {
      message: (message: ServerMessage) => seen.push(message.type),
      lost: () => seen.push('lost'),
      gaveUp: () => seen.push('gaveUp'),
    },
  });
  connection.start();
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
});

const enter = (): void => {
  FakeSocket.last.open();
  FakeSocket.last.say(joined);
};
/** A stay that has lasted. */
const stay = (): void => {
  enter();
  vi.advanceTimersByTime(60_000);
};
/** Milliseconds until the next socket is opened; 0 is the shortest time that a timer can take. */
const pause = (): number => {
  const before = FakeSocket.all.length;
  for (let waited = 0; waited <= 10_000; waited++) {
    if (FakeSocket.all.length > before) return waited <= 1 ? 0 : waited;
    vi.advanceTimersByTime(1);
  }
  throw new Error('no socket was opened');
};

describe('Connection', () => {
  it('joins as soon as the socket is open', () => {
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual([join]);
  });

  it('comes back at once, and asks anew what to join with', () => {
    stay();
    FakeSocket.last.drop();
    expect(seen).toEqual(['joined', 'lost']);
    join = { ...join, resume: 'r.1', media: true };
    expect(pause()).toBe(0);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual([{ type: 'join', name: 'Mia Beispiel', role: 'participant', resume: 'r.1', media: true }]);
  });

  it('waits longer each time, never longer than two seconds, and not at all after a stay', () => {
    for (const wait of [0, 500, 1000, 2000, 2000, 2000]) {
      FakeSocket.last.drop();
      expect(pause()).toBe(wait);
    }
    stay();
    FakeSocket.last.drop();
    expect(pause()).toBe(0);
  });

  it('does not hammer a server that lets in and throws out', () => {
    const waits = Array.from({ length: 5 }, () => {
      enter();
      FakeSocket.last.drop();
      return pause();
    });
    expect(waits).toEqual([0, 500, 1000, 2000, 2000]);
  });

  it('is back within three seconds of a portal that refused everything for a minute', () => {
    stay();
    FakeSocket.last.drop();
    const down = Date.now() + 60_000;
    while (Date.now() < down) {
      pause();
      vi.advanceTimersByTime(30);
      FakeSocket.last.drop();
    }
    const returned = Date.now();
    pause();
    enter();
    expect(Date.now() - returned).toBeLessThanOrEqual(3000);
    expect(seen.at(-1)).toBe('joined');
  });

  it('does not wait long for a portal that answers nothing', () => {
    stay();
    FakeSocket.last.drop();
    pause();
    expect(pause()).toBeLessThanOrEqual(5500);
  });

  it('gives up after two minutes, not before, and begins anew when told to', () => {
    stay();
    const lost = Date.now();
    FakeSocket.last.drop();
    while (seen.at(-1) !== 'gaveUp') {
      pause();
      FakeSocket.last.drop();
    }
    expect(Date.now() - lost).toBeGreaterThanOrEqual(patience);
    expect(Date.now() - lost).toBeLessThanOrEqual(patience + 2000);
    const tried = FakeSocket.all.length;
    vi.advanceTimersByTime(600_000);
    expect(FakeSocket.all).toHaveLength(tried);
    connection.retryNow();
    expect(FakeSocket.all).toHaveLength(tried + 1);
    FakeSocket.last.drop();
    expect(seen.at(-1)).toBe('lost');
    pause();
    enter();
    expect(seen.at(-1)).toBe('joined');
  });

  it('can be told to try at once', () => {
    FakeSocket.last.drop();
    pause();
    FakeSocket.last.drop();
    connection.retryNow();
    expect(FakeSocket.all).toHaveLength(3);
    connection.retryNow();
    expect(FakeSocket.all).toHaveLength(3);
  });

  it.each([
    [{ type: 'refused', code: 'room-full' }],
    [{ type: 'refused', code: 'removed' }],
    [{ type: 'ended', reason: 'replaced' }],
    [{ type: 'ended', reason: 'removed' }],
    [{ type: 'ended', reason: 'account-disabled' }],
  ])('stays away after %j', (last) => {
    stay();
    FakeSocket.last.say(last);
    FakeSocket.last.drop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(seen.at(-1)).toBe(last.type);
  });

  it.each(['restart', 'slow'])('comes back after a pause when the end was for %s', (reason) => {
    stay();
    FakeSocket.last.say({ type: 'ended', reason });
    expect(seen.at(-1)).toBe('lost');
    expect(FakeSocket.last.closedWith).toBe(4000);
    expect(pause()).toBe(500);
  });

  it('stays away after a restart that was announced', () => {
    stay();
    final = new Set(['restart']);
    FakeSocket.last.say({ type: 'ended', reason: 'restart' });
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(seen.at(-1)).toBe('ended');
  });

  it('follows a room at once to where it has moved', () => {
    FakeSocket.last.open();
    FakeSocket.last.say({ type: 'queue', place: 1 });
    FakeSocket.last.say({ type: 'ended', reason: 'moved' });
    expect(seen).toEqual(['queue', 'lost']);
    expect(pause()).toBe(0);
    enter();
    expect(seen.at(-1)).toBe('joined');
  });

  it('gives a portal time that sends it around in circles', () => {
    const waits = Array.from({ length: 6 }, () => {
      FakeSocket.last.open();
      FakeSocket.last.say({ type: 'ended', reason: 'moved' });
      return pause();
    });
    expect(waits).toEqual([0, 0, 0, 500, 1000, 2000]);
  });

  it('takes a busy server’s no for an answer only before it was inside', () => {
    FakeSocket.last.open();
    FakeSocket.last.say({ type: 'refused', code: 'busy' });
    expect(seen).toEqual(['refused']);
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('tries again at a busy server when it was inside', () => {
    stay();
    FakeSocket.last.drop();
    pause();
    FakeSocket.last.open();
    FakeSocket.last.say({ type: 'refused', code: 'busy' });
    expect(seen).toEqual(['joined', 'lost', 'lost']);
    pause();
    enter();
    expect(seen.at(-1)).toBe('joined');
  });

  it('gives a dead socket up when told to', () => {
    stay();
    connection.reconnect();
    expect(FakeSocket.last.closedWith).toBe(4000);
    expect(connection.send({ type: 'chat', text: 'x' })).toBe(false);
    expect(pause()).toBe(0);
  });

  it('does nothing more after close()', () => {
    enter();
    connection.close();
    expect(FakeSocket.last.closedWith).toBe(1000);
    connection.start();
    connection.retryNow();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });
});
