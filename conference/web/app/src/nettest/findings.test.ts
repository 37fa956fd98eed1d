import { describe, expect, it } from 'vitest';
import type { Findings } from './findings';
import { lightOf, steps, verdictLight, verdictOf } from './findings';

const fine: Findings = {
  browser: { webRTC: true, secure: true, codecs: ['VP8', 'Opus'] },
  microphone: 'works', camera: 'works', https: 30, socket: 'yes', udp: 'yes', tls: 'yes', path: 'udp',
  measures: { roundTrip: 25, lossUp: 0, lossDown: 0.001, up: 2_000_000, down: 1_900_000 }, servers: ['192.0.2.7:10000'],
};
const blocked: Partial<Findings> = { udp: 'no', tls: 'no', path: undefined, measures: undefined };
const measures = { roundTrip: 25, lossUp: 0, lossDown: 0, up: 2_000_000, down: 1_900_000 };

describe('verdict', () => {
  it.each([
    ['everything works', {}, 'good', 'good'],
    ['without TURN the lesson works as well', { tls: 'no' }, 'noFallback', 'good'],
    ['UDP is blocked', { udp: 'no', path: 'tls' }, 'detour', 'fair'],
    ['a slow line', { measures: { ...measures, up: 300_000 } }, 'weak', 'fair'],
    ['a long way', { measures: { ...measures, roundTrip: 500 } }, 'poor', 'bad'],
    ['many lost packets', { measures: { ...measures, lossUp: 0.2 } }, 'poor', 'bad'],
    ['both ways for media are blocked', blocked, 'blocked', 'bad'],
    ['the filter breaks WebSockets', { ...blocked, socket: 'no', udp: 'skipped', tls: 'skipped' }, 'noSocket', 'bad'],
    ['no server', { ...blocked, https: undefined, socket: 'no' }, 'noServer', 'bad'],
    ['an old browser', { browser: { webRTC: false, secure: true, codecs: [] } }, 'browser', 'bad'],
    ['too many test at once', { ...blocked, socket: 'busy', udp: 'skipped', tls: 'skipped' }, 'busy', 'fair'],
    ['the second test found no place', { tls: 'busy' }, 'good', 'good'],
    ['no microphone', { microphone: 'missing' }, 'good', 'good'],
  ] as const)('%s', (_, over, verdict, light) => {
    const found = verdictOf({ ...fine, ...over });
    expect([found, verdictLight(found)]).toEqual([verdict, light]);
  });
});

describe('lights', () => {
  it('are all green when everything works', () => {
    expect(steps.map((step) => lightOf(step, fine))).toEqual(steps.map(() => 'good'));
  });

  it.each([
    ['udp', { udp: 'no', path: 'tls' }, 'fair'], ['path', { udp: 'no', path: 'tls' }, 'fair'], ['udp', blocked, 'bad'], ['path', blocked, 'bad'],
    ['tls', { tls: 'no' }, 'fair'], ['socket', { socket: 'no' }, 'bad'], ['microphone', { microphone: 'skipped' }, undefined],
    ['microphone', { microphone: 'silent' }, 'fair'], ['camera', { camera: 'denied' }, 'fair'], ['upload', { measures: undefined }, undefined],
    ['download', { measures: { ...measures, down: 100_000 } }, 'bad'], ['loss', { measures: { ...measures, lossDown: 0.05 } }, 'fair'],
    ['browser', { browser: { webRTC: true, secure: false, codecs: ['VP8'] } }, 'bad'],
  ] as const)('%s with %j', (step, over, light) => {
    expect(lightOf(step, { ...fine, ...over })).toBe(light);
  });
});
