import { describe, expect, it } from 'vitest';
import { sameWants, wantedVideo } from './view';

describe('wantedVideo', () => {
  it('puts screens first, then large tiles, in device pixels', () => {
    const tiles = [
      { participant: 'a', source: 'camera', height: 100 },
      { participant: 'b', source: 'camera', height: 200 },
      { participant: 'c', source: 'screen', height: 150 },
      { participant: 'd', source: 'camera', height: 200 },
    ] as const;
    expect(wantedVideo(tiles, 2, 13)).toEqual([
      { participant: 'c', source: 'screen', height: 360 },
      { participant: 'b', source: 'camera', height: 450 },
      { participant: 'd', source: 'camera', height: 450 },
      { participant: 'a', source: 'camera', height: 270 },
    ]);
  });

  it('asks for no more than there are slots, nor than the server takes', () => {
    const tiles = Array.from({ length: 50 }, (_, i) => ({ participant: `p${i}`, source: 'camera' as const, height: 90 }));
    expect(wantedVideo(tiles, 1, 6).map((w) => w.participant)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
    expect(wantedVideo(tiles, 1, 99)).toHaveLength(32);
  });

  it('leaves out what has no height and bounds the rest', () => {
    const tiles = [{ participant: 'a', source: 'camera', height: 0 }, { participant: 'b', source: 'screen', height: 9000 }] as const;
    expect(wantedVideo(tiles, 1, 13)).toEqual([{ participant: 'b', source: 'screen', height: 2160 }]);
  });

  it('does not change with every pixel', () => {
    const at = (height: number) => wantedVideo([{ participant: 'a', source: 'camera', height }], 1, 13);
    expect(sameWants(at(181), at(269))).toBe(true);
    expect(sameWants(at(181), at(271))).toBe(false);
    expect(sameWants(at(181), [])).toBe(false);
  });
});
