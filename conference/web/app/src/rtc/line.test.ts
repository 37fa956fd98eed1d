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
    ['room for a small picture only', { available: 110_000 }, 'weak', 'upload'],
    ['room for no picture', { available: 40_000 }, 'bad', 'upload'],
    ['plenty of room', { available: 300_000 }, 'good', undefined],
    ['somebody muted, of whose few packets one got lost', { upLoss: 0.2, packets: 10 }, 'good', undefined],
  ])('judges %s', (_what, step, level, end) => {
    expect(follow(repeat(8, step))).toMatchObject({ level, end });
  });

  it('needs 6 s to get worse and 12 s to get better', () => {
    expect(levels([...repeat(3, {}), ...repeat(3, { upLoss: 0.08 }), ...repeat(6, {})])).toBe('g' + 'ggg' + 'ggw' + 'wwwwwg');
  });

  it('goes from bad to good by what the last ten seconds had in common', () => {
    expect(levels([...repeat(3, { upLoss: 0.3 }), ...repeat(3, { upLoss: 0.07 }), ...repeat(10, {})])).toBe('g' + 'gbb' + 'bbb' + 'bbwwwwwggg');
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
    expect(follow([{}, {}, ...repeat(8, { rtt: 900 })])).toMatchObject({ level: 'bad', end: 'delay' });
  });

  it('begins anew with another connection, and keeps the judgement meanwhile', () => {
    const bad = follow(repeat(8, { upLoss: 0.3 }));
    const fresh = samples([])[0];
    expect(fresh && followLine(bad, { ...fresh, at: 99_000, sent: 3, received: 5 })).toMatchObject({ level: 'bad', recent: [{ sent: 3 }] });
  });

  // Recorded with the page in Chromium on a busy machine, a look every two seconds, behind a forwarder of datagrams that lost 15 % on the
  // way up from the 7th to the 12th, 8 % on the way down from the 21st to the 26th, and then kept each back for 300 ms.
  it('judges recorded figures', () => {
    const recorded: readonly (readonly [sent: number, sentLost: number, received: number, receivedLost: number, rtt: number])[] = [
      [56, 0, 55, 0, 133], [227, 0, 246, 0, 226], [387, 0, 401, 1, 1], [522, 0, 554, 1, 15], [665, 0, 705, 1, 27], [863, 0, 877, 1, 603],
      [1015, 0, 1058, 1, 215], [1197, 4, 1221, 1, 226], [1391, 42, 1419, 1, 226], [1547, 46, 1571, 1, 52], [1734, 93, 1757, 1, 56], [1908, 126, 1909, 1, 416],
      [2073, 128, 2073, 1, 282], [2297, 159, 2307, 1, 399], [2459, 159, 2477, 1, 266], [2629, 159, 2646, 1, 65], [2776, 159, 2781, 1, 361], [2953, 159, 2952, 1, 161],
      [3199, 159, 3210, 1, 273], [3350, 159, 3361, 1, 29], [3519, 159, 3527, 2, 33], [3676, 159, 3677, 14, 27], [3814, 159, 3788, 24, 27], [3971, 159, 3961, 33, 482],
      [4161, 159, 4159, 45, 45], [4319, 159, 4310, 55, 45], [4488, 159, 4502, 75, 161], [4753, 159, 4829, 75, 670], [4877, 159, 4982, 75, 682], [5046, 159, 5126, 75, 682],
      [5257, 159, 5361, 75, 726], [5476, 159, 5551, 75, 1080],
    ];
    let state = initialLine;
    const seen = recorded.map(([sent, sentLost, received, receivedLost, rtt], i) => {
      state = followLine(state, { at: i * 2000, sent, sentLost, received, receivedLost, rtt, framesDecoded: 0, available: undefined, path: 'udp' });
      return `${state.level} ${state.end ?? ''}`.trim();
    });
    expect(seen.filter((level, i) => level !== seen[i - 1])).toEqual(['good', 'bad upload', 'good', 'weak download', 'weak delay']);
  });
});
