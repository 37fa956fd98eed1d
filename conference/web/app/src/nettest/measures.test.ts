import { describe, expect, it } from 'vitest';
import type { Sample } from './measures';
import { measure, pathOfPair, sampleOf } from './measures';

const sample = (at: number, over: Partial<Sample> = {}): Sample => ({
  at, bytesSent: 0, bytesReceived: 0, packetsReceived: 0, packetsLost: 0, remoteLoss: undefined, roundTrip: undefined, ...over,
});

describe('measure', () => {
  it('needs two seconds', () => {
    expect(measure([])).toBeUndefined();
    expect(measure([sample(0), sample(1999)])).toBeUndefined();
  });

  it('takes the best two seconds, not the average with the start', () => {
    const sent = [0, 25_000, 75_000, 200_000, 450_000, 700_000];
    const samples = sent.map((bytesSent, i) => sample(i * 1000, { bytesSent, bytesReceived: bytesSent / 2 }));
    expect(measure(samples)).toMatchObject({ up: 2_000_000, down: 1_000_000 });
  });

  it('what got lost on the way up does not count', () => {
    expect(measure([sample(0, { remoteLoss: 0.25 }), sample(2000, { bytesSent: 500_000, remoteLoss: 0.25 })])?.up).toBe(1_500_000);
  });

  it('shares of lost packets come from both ends', () => {
    const samples = [
      sample(0, { packetsReceived: 100, packetsLost: 50, remoteLoss: 0 }), sample(2000, { remoteLoss: 0.1 }),
      sample(4000, { packetsReceived: 190, packetsLost: 60, remoteLoss: 0.2 }),
    ];
    const m = measure(samples);
    expect(m?.lossDown).toBeCloseTo(0.1);
    expect(m?.lossUp).toBeCloseTo(0.1);
  });

  it('the round trip is the median in milliseconds', () => {
    const trips = [0.02, 0.9, 0.03, undefined, 0.025];
    expect(measure(trips.map((roundTrip, i) => sample(i * 1000, { roundTrip })))?.roundTrip).toBe(25);
    expect(measure([sample(0), sample(2000)])?.roundTrip).toBeUndefined();
  });

  it('a lost packet that came late after all is none', () => {
    expect(measure([sample(0, { packetsLost: 5 }), sample(2000, { packetsLost: 3, packetsReceived: 10 })])?.lossDown).toBe(0);
  });
});

const chromium = [
  { type: 'transport', id: 'T', selectedCandidatePairId: 'P2' },
  { type: 'candidate-pair', id: 'P1', nominated: true, state: 'succeeded', localCandidateId: 'L1', currentRoundTripTime: 0.5 },
  { type: 'candidate-pair', id: 'P2', nominated: true, state: 'succeeded', localCandidateId: 'L2', currentRoundTripTime: 0.02 },
  { type: 'local-candidate', id: 'L1', candidateType: 'host' }, { type: 'local-candidate', id: 'L2', candidateType: 'relay' },
  { type: 'outbound-rtp', kind: 'video', bytesSent: 1000, headerBytesSent: 20 }, { type: 'outbound-rtp', kind: 'audio', bytesSent: 100 },
  { type: 'inbound-rtp', kind: 'video', bytesReceived: 900, packetsReceived: 9, packetsLost: 1 },
  { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.5 }, { type: 'remote-inbound-rtp', kind: 'video', fractionLost: 0.25 },
];

it('reads a browser’s reports', () => {
  expect(sampleOf(chromium, 7)).toEqual({
    at: 7, bytesSent: 1120, bytesReceived: 900, packetsReceived: 9, packetsLost: 1, remoteLoss: 0.25, roundTrip: 0.02,
  });
});

it.each([
  ['by relay', chromium, 'tls'],
  ['straight, without a transport report', chromium.slice(1), 'udp'],
  ['not connected', chromium.slice(3), undefined],
])('the path: %s', (_, reports, path) => {
  expect(pathOfPair(reports)).toBe(path);
});
