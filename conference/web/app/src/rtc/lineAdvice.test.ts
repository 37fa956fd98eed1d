import { describe, expect, it } from 'vitest';
import type { Participant } from '../signaling/messages';
import type { LineState } from './line';
import { initialLine } from './line';
import { adviseOn } from './lineAdvice';

const person = (id: string, line?: 'weak' | 'bad', over: Partial<Participant> = {}): Participant => ({
  id, name: `Name ${id}`, role: 'participant', mic: false, camera: true, screen: false, ...(line ? { line } : {}), ...over,
});
const me = person('me');
const sample = { at: 0, rtt: 10, sent: 0, sentLost: 0, received: 0, receivedLost: 0, framesDecoded: 0, available: undefined, path: 'udp' as const };
const weak = (level: 'weak' | 'bad', lasted: number): LineState => ({ ...initialLine, level, end: 'upload', since: 5000, recent: [{ ...sample, at: 5000 + lasted }] });

describe('adviseOn', () => {
  it('has nothing to say about good lines, nor about somebody nobody attends to', () => {
    expect(adviseOn(initialLine, [me, person('a')], 'me', ['a'])).toBeUndefined();
    expect(adviseOn(initialLine, [me, person('a'), person('b', 'bad')], 'me', ['a'])).toBeUndefined();
  });

  it.each([
    ['weak', 60_000, false],
    ['bad', 9000, false],
    ['bad', 10_000, true],
  ] as const)('names the own line when it is %s for %i ms, with a remedy: %s', (level, lasted, offer) => {
    expect(adviseOn(weak(level, lasted), [me, person('a')], 'me', [])).toEqual({ kind: 'own', end: 'upload', offer });
  });

  it('names the other’s line', () => {
    expect(adviseOn(initialLine, [me, person('a'), person('b', 'weak')], 'me', ['a', 'b'])).toEqual({ kind: 'other', name: 'Name b', id: 'b' });
  });

  it('takes the own line before the other’s', () => {
    expect(adviseOn(weak('weak', 0), [me, person('a', 'bad')], 'me', ['a'])?.kind).toBe('own');
  });

  it('looks to the server when most have trouble, but not in a small circle, and not because some are away', () => {
    const many = [person('a', 'bad'), person('b', 'weak'), person('c', 'weak'), person('d')];
    expect(adviseOn(weak('bad', 0), [me, ...many], 'me', [])?.kind).toBe('server');
    expect(adviseOn(initialLine, [me, ...many], 'me', [])?.kind).toBe('server');
    expect(adviseOn(weak('bad', 0), [me, ...many.slice(0, 3)], 'me', [])?.kind).toBe('own');
    expect(adviseOn(weak('bad', 0), [me, person('a', 'bad', { away: true }), person('b', 'weak', { away: true }), ...many.slice(2)], 'me', [])?.kind).toBe('own');
  });

  it('does not count the own report of a weak line', () => {
    expect(adviseOn(initialLine, [person('me', 'bad')], 'me', ['me'])).toBeUndefined();
  });
});
