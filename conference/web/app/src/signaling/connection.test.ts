import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from './connection';
import { FakeSocket } from './fakeSocket';
import type { ServerMessage } from './messages';

const joined = {
  type: 'joined', self: 'me', resume: 'r.1', participants: [], chat: [], slots: { audio: 8, video: 25 },
  room: { name: 'abc', maxParticipants: 70, screenShare: 'everyone', codeRequired: true },
};

let seen: string[];
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all.length = 0;
  seen = [];
  connection = new Connection({
    url: 'wss://kurs.example/api/rooms/abc/ws',
    ticket: { name: 'Mia Beispiel', role: 'participant' },
    openSocket: (url, protocol) => new FakeSocket(url, protocol),
    random: () => 1,
    events: {
      message: (message: ServerMessage) => seen.push(message.type),
      lost: (retryIn) => seen.push(`lost ${retryIn}`),
      connecting: () => seen.push('connecting'),
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

describe('Connection', () => {
  it('joins as soon as the socket is open', () => {
    FakeSocket.last.open();
    expect(FakeSocket.last.sent).toEqual([{ type: 'join', name: 'Mia Beispiel', role: 'participant' }]);
  });

  it('comes back with the resume token', () => {
    enter();
    FakeSocket.last.drop();
    expect(seen).toEqual(['connecting', 'joined', 'lost 400']);
    vi.advanceTimersByTime(400);
    FakeSocket.last.open();
    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeSocket.last.sent).toEqual([{ type: 'join', name: 'Mia Beispiel', role: 'participant', resume: 'r.1' }]);
  });

  it('waits longer each time, and from the beginning again after it was inside', () => {
    for (const wait of [400, 800, 1600, 3200, 6400, 8000, 8000]) {
      FakeSocket.last.drop();
      expect(seen.at(-1)).toBe(`lost ${wait}`);
      vi.advanceTimersByTime(wait - 1);
      expect(seen.at(-1)).toBe(`lost ${wait}`);
      vi.advanceTimersByTime(1);
      expect(seen.at(-1)).toBe('connecting');
    }
    enter();
    FakeSocket.last.drop();
    expect(seen.at(-1)).toBe('lost 400');
  });

  it('can be told to try at once', () => {
    FakeSocket.last.drop();
    connection.retryNow();
    expect(FakeSocket.all).toHaveLength(2);
    connection.retryNow();
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(seen.filter((one) => one === 'connecting').length).toBeGreaterThanOrEqual(2);
  });

  it.each([
    [{ type: 'refused', code: 'room-full' }],
    [{ type: 'ended', reason: 'replaced' }],
    [{ type: 'ended', reason: 'account-disabled' }],
  ])('stays away after %j', (last) => {
    enter();
    FakeSocket.last.say(last);
    FakeSocket.last.drop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(seen.at(-1)).toBe(last.type);
  });

  it.each(['restart', 'slow'])('comes back by itself after the end for %s', (reason) => {
    enter();
    FakeSocket.last.say({ type: 'ended', reason });
    expect(seen.at(-1)).toBe('lost 400');
    vi.advanceTimersByTime(400);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('gives a dead socket up when told to', () => {
    enter();
    connection.reconnect();
    expect(FakeSocket.last.closedWith).toBe(1000);
    vi.advanceTimersByTime(400);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('does nothing more after close()', () => {
    enter();
    connection.close();
    connection.start();
    connection.retryNow();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });
});
