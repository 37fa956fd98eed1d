import type { LineSample, Path } from './line';

/** A statistics object of any type; only what is used is named (Identifiers for WebRTC's Statistics API). */
interface Entry {
  readonly id: string;
  readonly type: string;
  readonly kind?: string;
  readonly timestamp: number;
  readonly state?: string;
  readonly nominated?: boolean;
  readonly selected?: boolean;
  readonly selectedCandidatePairId?: string;
  readonly localCandidateId?: string;
  readonly currentRoundTripTime?: number;
  readonly availableOutgoingBitrate?: number;
  readonly candidateType?: string;
  readonly protocol?: string;
  readonly relayProtocol?: string;
  readonly packetsSent?: number;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly framesDecoded?: number;
  readonly roundTripTime?: number;
  readonly qualityLimitationReason?: string;
}

export type Report = ReadonlyMap<string, unknown>;

/** Reads a report; what a browser does not tell counts as nothing. `now` in milliseconds. */
export function readStats(report: Report, now: number): LineSample {
  const entries = [...report.values()] as Entry[];
  const of = (type: string): Entry[] => entries.filter((entry) => entry.type === type);
  const sum = (list: readonly Entry[], field: 'packetsSent' | 'packetsReceived' | 'packetsLost' | 'framesDecoded'): number =>
    list.reduce((total, entry) => total + (entry[field] ?? 0), 0);
  const pair = selectedPair(entries);
  const incoming = of('inbound-rtp');
  const outgoing = of('outbound-rtp');
  const heard = of('remote-inbound-rtp');
  // Without it the estimate says little: it does not grow far beyond what there is to send.
  const heldBack = outgoing.some((entry) => entry.kind === 'video' && entry.qualityLimitationReason === 'bandwidth');
  // Not every browser gives the round trip with the pair; the server's reports about what it received have one as well.
  const seconds = pair?.currentRoundTripTime ?? heard.find((entry) => (entry.roundTripTime ?? 0) > 0)?.roundTripTime;
  return {
    at: now,
    rtt: seconds === undefined ? undefined : seconds * 1000,
    sent: sum(outgoing, 'packetsSent'),
    sentLost: sum(heard, 'packetsLost'),
    received: sum(incoming, 'packetsReceived'),
    receivedLost: sum(incoming, 'packetsLost'),
    framesDecoded: sum(incoming, 'framesDecoded'),
    available: heldBack ? pair?.availableOutgoingBitrate : undefined,
    path: pathOf(report, pair),
  };
}

function selectedPair(entries: readonly Entry[]): Entry | undefined {
  const chosen = entries.find((entry) => entry.type === 'transport' && entry.selectedCandidatePairId !== undefined)?.selectedCandidatePairId;
  const pairs = entries.filter((entry) => entry.type === 'candidate-pair');
  return (
    pairs.find((pair) => pair.id === chosen) ??
    // Firefox has no transport statistics and marks the pair itself.
    pairs.find((pair) => pair.selected === true) ??
    pairs.find((pair) => pair.nominated === true && pair.state === 'succeeded')
  );
}

function pathOf(report: Report, pair: Entry | undefined): Path | undefined {
  const local = report.get(pair?.localCandidateId ?? '') as Entry | undefined;
  if (!local) return undefined;
  // With a relay, `protocol` is that between relay and server; the browser's own way to it is `relayProtocol`.
  const protocol = local.candidateType === 'relay' ? local.relayProtocol ?? 'tcp' : local.protocol;
  return protocol?.toLowerCase() === 'udp' ? 'udp' : 'tcp';
}
