import type { Participant } from '../signaling/messages';
import type { LineEnd, LineState } from './line';

/** What to tell somebody about a line, and whose end it is. */
export type LineAdvice =
  | { readonly kind: 'own'; readonly end: LineEnd; /** Bad for long enough to offer a remedy. */ readonly offer: boolean }
  /** Many have trouble at once: it is the server, or the network they share. */
  | { readonly kind: 'server' }
  | { readonly kind: 'other'; readonly name: string; readonly id: string };

/** Milliseconds for which a line must be bad before a remedy is offered. */
const patience = 10_000;
/** With fewer others, two weak lines are a coincidence. */
const many = 4;

/** `attended` are the people somebody is looking at or listening to: the one shown large, whoever shares, the loudest. */
export function adviseOn(line: LineState, participants: readonly Participant[], self: string, attended: readonly string[]): LineAdvice | undefined {
  const others = participants.filter((p) => p.id !== self && p.away !== true);
  const weak = others.filter((p) => p.line === 'weak' || p.line === 'bad');
  if (others.length >= many && weak.length * 2 > others.length) return { kind: 'server' };
  if (line.level !== 'good') {
    const lasted = (line.recent.at(-1)?.at ?? line.since) - line.since;
    return { kind: 'own', end: line.end ?? 'delay', offer: line.level === 'bad' && lasted >= patience };
  }
  const one = attended.map((id) => weak.find((p) => p.id === id)).find((p) => p !== undefined);
  return one && { kind: 'other', name: one.name, id: one.id };
}
