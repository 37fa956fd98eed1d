import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from './fakeSocket';
import type { ServerMessage } from './messages';
import { answerTimeout, openTimeout, SignalingSocket } from './socket';

let seen: string[];
let messages: ServerMessage[];

const start = (): SignalingSocket =>
  new SignalingSocket('wss://kurs.example/api/rooms/abc/ws', (url, protocol) => new FakeSocket(url, protocol), {
    opened: () => seen.push('opened'),
    message: (message) => messages.push(message),
    closed: () => seen.push('closed'),
  });

beforeEach(() => {
  vi.useFakeTimers();
  seen = [];
  messages = [];
});
afterEach(() => { vi.useRealTimers(); });

describe('SignalingSocket', () => {
  it('asks for the subprotocol and reports messages', () => {
    start();
    const socket = FakeSocket.last;
    expect(socket.protocol).toBe('kreisraum.2');
    socket.open();
    socket.say({ type: 'door', state: 'waiting' });
    socket.say({ type: 'something-new' });
    expect(seen).toEqual(['opened']);
    expect(messages).toEqual([{ type: 'door', state: 'waiting', wrong: false, retryAfter: 0, taken: false }]);
  });

  it('gives up a socket that does not open', () => {
    start();
    vi.advanceTimersByTime(openTimeout - 1);
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual(['closed']);
    expect(FakeSocket.last.readyState).toBe(3);
  });

  it('has no deadline once something was said', () => {
    start();
    FakeSocket.last.open();
    FakeSocket.last.say({ type: 'door', state: 'waiting' });
    vi.advanceTimersByTime(answerTimeout * 3);
    expect(seen).toEqual(['opened']);
  });

  it('gives up a server that opens and says nothing', () => {
    start();
    FakeSocket.last.open();
    vi.advanceTimersByTime(answerTimeout - 1);
    expect(seen).toEqual(['opened']);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual(['opened', 'closed']);
  });

  it('tells the server whether it comes back', () => {
    const leaving = start();
    FakeSocket.last.open();
    leaving.close();
    expect(FakeSocket.last.closedWith).toBe(1000);
    const losing = start();
    FakeSocket.last.open();
    losing.lose();
    expect(FakeSocket.last.closedWith).toBe(4000);
    const dropping = start();
    FakeSocket.last.open();
    dropping.drop();
    expect(FakeSocket.last.closedWith).toBe(4000);
    expect(seen).toEqual(['opened', 'opened', 'closed', 'opened']);
  });

  it('reports the end once', () => {
    start();
    FakeSocket.last.open();
    FakeSocket.last.drop();
    FakeSocket.last.drop();
    expect(seen).toEqual(['opened', 'closed']);
  });

  it.each(['{', '{"type":"door"}', '[]'])('gives up on %j', (text) => {
    start();
    FakeSocket.last.open();
    FakeSocket.last.say(text);
    expect(seen).toEqual(['opened', 'closed']);
  });

  it('gives up on a binary frame', () => {
    start();
    FakeSocket.last.open();
    FakeSocket.last.onmessage?.(new MessageEvent('message', { data: new ArrayBuffer(3) }));
    expect(seen).toEqual(['opened', 'closed']);
  });

  it('is silent after close()', () => {
    const signaling = start();
    const socket = FakeSocket.last;
    socket.open();
    signaling.close();
    socket.say({ type: 'door', state: 'waiting' });
    socket.drop();
    expect(seen).toEqual(['opened']);
    expect(messages).toEqual([]);
    expect(socket.closedWith).toBe(1000);
  });

  it('drops what is sent before it is open, and says so', () => {
    const signaling = start();
    expect(signaling.send({ type: 'leave' })).toBe(false);
    FakeSocket.last.open();
    expect(signaling.send({ type: 'chat', text: 'hallo' })).toBe(true);
    expect(FakeSocket.last.sent).toEqual([{ type: 'chat', text: 'hallo' }]);
  });
});
