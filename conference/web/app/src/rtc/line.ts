// How good one's own line is, from the browser's statistics. Pure: numbers in, a judgement out.

import type { LineLevel } from '../signaling/messages';

/** Which direction suffers. A long way to the server is neither. */
export type LineEnd = 'upload' | 'download' | 'delay';

/** How media reach the server: UDP directly, or the relay on TCP 443. */
export type Path = 'udp' | 'tcp';

/** Counters of one moment; see readStats. Those that count only grow, as long as the PeerConnection lives. */
export interface LineSample {
  /** Milliseconds. */
  readonly at: number;
  /** Round trip in milliseconds. */
  readonly rtt: number | undefined;
  /** Packets sent, and how many of them the server missed. */
  readonly sent: number;
  readonly sentLost: number;
  readonly received: number;
  readonly receivedLost: number;
  readonly framesDecoded: number;
  /** Bits per second that the browser believes it can send; undefined: no estimate, or it holds no video back. */
  readonly available: number | undefined;
  readonly path: Path | undefined;
}

/** What lies between the first and the last of the samples looked at. */
export interface LineFigures {
  readonly rtt: number | undefined;
  /** Parts of 1. */
  readonly upLoss: number;
  readonly downLoss: number;
  readonly available: number | undefined;
}

export interface LineState {
  readonly level: LineLevel;
  /** What is the matter while the level is not good. */
  readonly end: LineEnd | undefined;
  /** When the present level began, in milliseconds. */
  readonly since: number;
  readonly path: Path | undefined;
  readonly figures: LineFigures | undefined;
  /** The latest samples of this PeerConnection, oldest first. */
  readonly recent: readonly LineSample[];
  /** How many samples in a row spoke for another level, and the mildest of them. */
  readonly doubt: { readonly level: LineLevel; readonly end: LineEnd | undefined; readonly count: number } | undefined;
}

export const initialLine: LineState = {
  level: 'good', end: undefined, since: 0, path: undefined, figures: undefined, recent: [], doubt: undefined,
};

/**
 * Packet loss: congestion control takes 2 % for a free line and 10 % for a full one (draft-ietf-rmcat-gcc-02 §6); Opus with FEC conceals
 * the lower half of what is between. Delay: 150 ms one way go unnoticed and 400 ms are too many to talk (ITU-T G.114), hence 400 and 800
 * for the round trip. Bits per second: a guess at what still makes a face.
 */
const limits = {
  weak: { loss: 0.05, rtt: 400, available: 150_000 },
  bad: { loss: 0.12, rtt: 800, available: 60_000 },
} as const;
/** What counts as better must be clearly better, or the judgement flutters. */
const relief = 0.7;
/** Samples in a row that must agree before things get worse or better: with one in two seconds, and a middle to be moved, 6 s and 12 s. */
const toWorse = 2;
const toBetter = 5;
/** Samples to look at together. What the server missed is told in bursts, and a busy computer answers late now and then. */
const span = 4;
/** Fewer packets than this say nothing about loss: somebody who is muted sends a handful. */
const fewPackets = 20;

const badness: Readonly<Record<LineLevel, number>> = { good: 0, weak: 1, bad: 2 };

/** The judgement after another sample. A sample of another PeerConnection, whose counters start anew, is only remembered. */
export function followLine(state: LineState, sample: LineSample): LineState {
  const last = state.recent.at(-1);
  const path = sample.path ?? state.path;
  if (!last || sample.sent < last.sent || sample.received < last.received || sample.at <= last.at) return { ...state, path, recent: [sample] };
  const recent = [...state.recent, sample].slice(-span);
  const figures = figuresOf(recent, sample.available);
  const seen = judge(figures, state.level);
  const next = { ...state, path, figures, recent };
  if (seen.level === state.level) return { ...next, end: seen.end ?? state.end, doubt: undefined };
  const worse = badness[seen.level] > badness[state.level];
  const before = state.doubt && badness[state.doubt.level] > badness[state.level] === worse ? state.doubt : undefined;
  const mildest = before && badness[before.level] < badness[seen.level] === worse ? before : seen;
  const doubt = { level: mildest.level, end: seen.end, count: (before?.count ?? 0) + 1 };
  if (doubt.count < (worse ? toWorse : toBetter)) return { ...next, doubt };
  return { ...next, level: doubt.level, end: doubt.level === 'good' ? undefined : doubt.end ?? state.end, since: sample.at, doubt: undefined };
}

/** Loss is that of the middle one of the intervals between the samples, so that one burst alone does not count. */
function figuresOf(recent: readonly LineSample[], available: number | undefined): LineFigures {
  const intervals = recent.slice(1).map((sample, i) => lossBetween(recent[i] ?? sample, sample));
  const trips = recent.flatMap(({ rtt }) => (rtt === undefined ? [] : [rtt]));
  return {
    // The shortest is the way; what comes on top now and then is a computer that was busy.
    rtt: trips.length === 0 ? undefined : Math.min(...trips),
    upLoss: middle(intervals.map(({ up }) => up)),
    downLoss: middle(intervals.map(({ down }) => down)),
    available,
  };
}

function lossBetween(first: LineSample, last: LineSample): { readonly up: number; readonly down: number } {
  const part = (all: number, missing: number): number => (all < fewPackets ? 0 : Math.min(1, Math.max(0, missing) / all));
  const missed = last.receivedLost - first.receivedLost;
  return {
    up: part(last.sent - first.sent, last.sentLost - first.sentLost),
    down: part(last.received - first.received + Math.max(0, missed), missed),
  };
}

/** Of an even number the smaller one of the two in the middle. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** The level that the figures alone speak for. From a level that is not good it takes a clear relief to get better. */
function judge(figures: LineFigures, present: LineLevel): { readonly level: LineLevel; readonly end: LineEnd | undefined } {
  const candidates = [
    { end: 'upload', level: worst(levelOf(figures.upLoss, 'loss', present), scarce(figures.available, present)) },
    { end: 'download', level: levelOf(figures.downLoss, 'loss', present) },
    { end: 'delay', level: levelOf(figures.rtt ?? 0, 'rtt', present) },
  ] as const;
  let chosen: (typeof candidates)[number] = candidates[0];
  for (const candidate of candidates) if (badness[candidate.level] > badness[chosen.level]) chosen = candidate;
  return chosen.level === 'good' ? { level: 'good', end: undefined } : chosen;
}

function levelOf(value: number, what: 'loss' | 'rtt', present: LineLevel): LineLevel {
  const over = (level: 'weak' | 'bad'): boolean => value >= limits[level][what] * (badness[present] >= badness[level] ? relief : 1);
  if (over('bad')) return 'bad';
  return over('weak') ? 'weak' : 'good';
}

function scarce(available: number | undefined, present: LineLevel): LineLevel {
  if (available === undefined) return 'good';
  const under = (level: 'weak' | 'bad'): boolean => available <= limits[level].available / (badness[present] >= badness[level] ? relief : 1);
  if (under('bad')) return 'bad';
  return under('weak') ? 'weak' : 'good';
}

function worst(a: LineLevel, b: LineLevel): LineLevel {
  return badness[a] >= badness[b] ? a : b;
}
