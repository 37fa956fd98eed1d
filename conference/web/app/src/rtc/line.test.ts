import { describe, expect, it } from 'vitest';
import type { LineSample, LineState } from './line';
import { followLine, initialLine } from './line';

/** What happened in two seconds. */
interface Step {
  readonly upLoss?: number;
  readonly downLoss?: number;
  readonly rtt?: number;
  readonly available?: number;
  /** Packets in each direction. */
  readonly packets?: number;
}

const samples = (steps: readonly Step[]): readonly LineSample[] => {
  let sample: LineSample = {
    at: 10_000, rtt: 20, sent: 1000, sentLost: 0, received: 5000, receivedLost: 0, framesDecoded: 0, available: undefined, path: 'udp',
  };
  const all = [sample];
  for (const { upLoss = 0, downLoss = 0, rtt = 20, available, packets = 300 } of steps) {
    sample = {
      ...sample, at: sample.at + 2000, rtt, available, sent: sample.sent + packets, sentLost: sample.sentLost + Math.round(packets * upLoss),
      received: sample.received + Math.round(packets * (1 - downLoss)), receivedLost: sample.receivedLost + Math.round(packets * downLoss),
    };
    all.push(sample);
  }
  return all;
};

const follow = (steps: readonly Step[]): LineState => samples(steps).reduce(followLine, initialLine);
const levels = (steps: readonly Step[]): string => {
  let state = initialLine;
  return samples(steps).map((sample) => {
    state = followLine(state, sample);
    return state.level[0];
  }).join('');
};
const repeat = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step);

describe('followLine', () => {
  it.each<[string, Step, string, string | undefined]>([
    ['a clean line', {}, 'good', undefined],
    ['one packet in fifty lost', { upLoss: 0.02 }, 'good', undefined],
    ['loss on the way to the server', { upLoss: 0.07 }, 'weak', 'upload'],
    ['much loss on the way to the server', { upLoss: 0.2 }, 'bad', 'upload'],
    ['loss on the way from the server', { downLoss: 0.07 }, 'weak', 'download'],
    ['much loss both ways, more from the server', { upLoss: 0.07, downLoss: 0.2 }, 'bad', 'download'],
    ['a long way', { rtt: 500 }, 'weak', 'delay'],
    ['a very long way', { rtt: 1200 }, 'bad', 'delay'],
    ['room for a small picture only', { available: 180_000 }, 'weak', 'upload'],
    ['room for no picture', { available: 60_000 }, 'bad', 'upload'],
    ['plenty of room', { available: 3_000_000 }, 'good', undefined],
    ['somebody muted, of whose few packets one got lost', { upLoss: 0.2, packets: 10 }, 'good', undefined],
  ])('judges %s', (_what, step, level, end) => {
    expect(follow(repeat(4, step))).toMatchObject({ level, end });
  });

  it('needs 4 s to get worse and 10 s to get better', () => {
    expect(levels([...repeat(3, {}), ...repeat(3, { upLoss: 0.08 }), ...repeat(6, {})])).toBe('gggg' + 'gww' + 'wwwwgg');
  });

  it('goes from bad to good by what the last ten seconds had in common', () => {
    expect(levels([...repeat(2, { upLoss: 0.3 }), { upLoss: 0.06 }, ...repeat(9, {})])).toBe('g' + 'gb' + 'b' + 'bbbwwwwwg');
    expect(levels([...repeat(2, { upLoss: 0.3 }), ...repeat(5, {})])).toBe('g' + 'gb' + 'bbbbg');
  });

  it('does not flutter around a limit', () => {
    const around = Array.from({ length: 60 }, (_, i) => ({ downLoss: i % 3 === 0 ? 0.044 : 0.056 }));
    const changes = levels(around).split('').filter((level, i, all) => i > 0 && level !== all[i - 1]).length;
    expect(changes).toBeLessThanOrEqual(1);
  });

  it('takes one bad second for what it is', () => {
    expect(levels([{}, { upLoss: 0.5 }, {}, { downLoss: 0.5 }, {}])).toBe('gggggg');
  });

  it('says since when', () => {
    expect(follow([{}, {}, ...repeat(6, { rtt: 900 })])).toMatchObject({ level: 'bad', since: 18_000, last: { at: 26_000 } });
  });

  it('begins anew with another connection, and keeps the judgement meanwhile', () => {
    const bad = follow(repeat(4, { upLoss: 0.3 }));
    const fresh = samples([])[0];
    expect(fresh && followLine(bad, { ...fresh, at: 99_000, sent: 3, received: 5 })).toMatchObject({ level: 'bad', last: { sent: 3 } });
  });
});
