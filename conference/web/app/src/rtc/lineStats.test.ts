import { describe, expect, it } from 'vitest';
import { readStats } from './lineStats';

const report = (...entries: { readonly id: string; readonly type: string; readonly [field: string]: unknown }[]): Map<string, unknown> =>
  new Map(entries.map((entry) => [entry.id, entry]));

/** Shortened from a report of Chromium. */
const chromium = (local: object) => report(
  { id: 'T', type: 'transport', selectedCandidatePairId: 'P2' },
  { id: 'P1', type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 9, localCandidateId: 'x' },
  { id: 'P2', type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.034, availableOutgoingBitrate: 812_000, localCandidateId: 'L' },
  { id: 'L', type: 'local-candidate', ...local },
  { id: 'OA', type: 'outbound-rtp', kind: 'audio', packetsSent: 300 },
  { id: 'OV', type: 'outbound-rtp', kind: 'video', packetsSent: 700, qualityLimitationReason: 'bandwidth' },
  { id: 'RA', type: 'remote-inbound-rtp', kind: 'audio', packetsLost: 3, roundTripTime: 0.04 },
  { id: 'RV', type: 'remote-inbound-rtp', kind: 'video', packetsLost: 7 },
  { id: 'IA', type: 'inbound-rtp', kind: 'audio', packetsReceived: 900, packetsLost: 2 },
  { id: 'IV', type: 'inbound-rtp', kind: 'video', packetsReceived: 4000, packetsLost: -1, framesDecoded: 480 },
);

describe('readStats', () => {
  it('reads what Chromium tells', () => {
    expect(readStats(chromium({ candidateType: 'host', protocol: 'udp' }), 7000)).toEqual({
      at: 7000, rtt: 34, sent: 1000, sentLost: 10, received: 4900, receivedLost: 1, framesDecoded: 480, available: 812_000, path: 'udp',
    });
  });

  it.each([
    [{ candidateType: 'host', protocol: 'udp' }, 'udp'],
    [{ candidateType: 'srflx', protocol: 'udp' }, 'udp'],
    [{ candidateType: 'host', protocol: 'tcp' }, 'tcp'],
    // The relay sends UDP on; what matters is how the browser reaches it.
    [{ candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' }, 'tcp'],
    [{ candidateType: 'relay', protocol: 'udp', relayProtocol: 'udp' }, 'udp'],
    [{ candidateType: 'relay', protocol: 'udp' }, 'tcp'],
    [{ candidateType: 'host' }, 'tcp'],
  ])('takes %o for %s', (local, path) => {
    expect(readStats(chromium(local), 0).path).toBe(path);
  });

  it('does without transport statistics, as in Firefox, and without an estimate', () => {
    const firefox = report(
      { id: 'P1', type: 'candidate-pair', nominated: false, selected: false, state: 'failed', localCandidateId: 'X' },
      { id: 'P2', type: 'candidate-pair', nominated: true, selected: true, state: 'succeeded', localCandidateId: 'L' },
      { id: 'L', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
      { id: 'OV', type: 'outbound-rtp', kind: 'video', packetsSent: 10 },
      { id: 'R', type: 'remote-inbound-rtp', packetsLost: 0, roundTripTime: 0.021 },
    );
    expect(readStats(firefox, 1)).toMatchObject({ rtt: 21, available: undefined, path: 'udp' });
  });

  it('takes no estimate for a limit while nothing is held back', () => {
    const muted = chromium({ candidateType: 'host', protocol: 'udp' });
    muted.set('OV', { id: 'OV', type: 'outbound-rtp', kind: 'video', packetsSent: 700, qualityLimitationReason: 'none' });
    expect(readStats(muted, 0).available).toBeUndefined();
  });

  it('survives an empty report', () => {
    expect(readStats(new Map(), 3)).toEqual({
      at: 3, rtt: undefined, sent: 0, sentLost: 0, received: 0, receivedLost: 0, framesDecoded: 0, available: undefined, path: undefined,
    });
  });
});
