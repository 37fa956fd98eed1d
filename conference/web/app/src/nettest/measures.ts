// What can be told from the counters of a PeerConnection (Identifiers for WebRTC's Statistics API) between two moments.

export interface Sample {
  /** Milliseconds, any origin. */
  readonly at: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** Share of the packets sent that the server missed, as it last said: 0 to 1. */
  readonly remoteLoss: number | undefined;
  /** Seconds, as the last check of the path had it. */
  readonly roundTrip: number | undefined;
}

export interface Measures {
  /** Milliseconds there and back: the median. */
  readonly roundTrip: number | undefined;
  /** Shares, 0 to 1. */
  readonly lossUp: number;
  readonly lossDown: number;
  /** Bits per second in the best two seconds: the browser feels its way up from a low rate. */
  readonly up: number;
  readonly down: number;
}

/** Milliseconds over which a rate is taken. */
const stretch = 2000;

/** undefined when the samples are too few for any rate. */
export function measure(samples: readonly Sample[]): Measures | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < stretch) return undefined;
  const lost = Math.max(0, last.packetsLost - first.packetsLost);
  const received = Math.max(0, last.packetsReceived - first.packetsReceived);
  const remote = samples.flatMap((s) => (s.remoteLoss === undefined ? [] : [s.remoteLoss]));
  const trips = samples.flatMap((s) => (s.roundTrip === undefined ? [] : [s.roundTrip * 1000]));
  const lossUp = remote.length === 0 ? 0 : remote.reduce((sum, share) => sum + share, 0) / remote.length;
  return {
    roundTrip: median(trips),
    lossUp,
    lossDown: lost + received === 0 ? 0 : lost / (lost + received),
    // What was sent and got lost did not arrive.
    up: Math.round(bestRate(samples, (s) => s.bytesSent) * (1 - lossUp)),
    down: bestRate(samples, (s) => s.bytesReceived),
  };
}

function bestRate(samples: readonly Sample[], bytes: (sample: Sample) => number): number {
  let best = 0;
  samples.forEach((from, i) => {
    const to = samples.slice(i + 1).find((later) => later.at - from.at >= stretch);
    if (to) best = Math.max(best, ((bytes(to) - bytes(from)) * 8000) / (to.at - from.at));
  });
  return Math.round(best);
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? undefined : sorted[Math.floor((sorted.length - 1) / 2)];
}

type Report = Readonly<Record<string, unknown>>;
const number = (report: Report | undefined, key: string): number | undefined => (typeof report?.[key] === 'number' ? report[key] : undefined);

/** The candidate pair in use: the transport's own word, or the nominated pair that works (Firefox has no transport). */
export function selectedPair(reports: readonly Report[]): Report | undefined {
  const transport = reports.find((r) => r['type'] === 'transport' && typeof r['selectedCandidatePairId'] === 'string');
  const chosen = transport && reports.find((r) => r['id'] === transport['selectedCandidatePairId']);
  return chosen ?? reports.find((r) => r['type'] === 'candidate-pair' && r['nominated'] === true && r['state'] === 'succeeded');
}

/** How media travels over a pair: straight, which is UDP, or by the relay, which the page reaches over TLS. */
export function pathOfPair(reports: readonly Report[]): 'udp' | 'tls' | undefined {
  const pair = selectedPair(reports);
  const local = pair && reports.find((r) => r['id'] === pair['localCandidateId']);
  if (!local) return undefined;
  return local['candidateType'] === 'relay' ? 'tls' : 'udp';
}

/** One moment's sums over all streams. */
export function sampleOf(reports: readonly Report[], at: number): Sample {
  const sum = (type: string, key: string): number => reports.reduce((total, r) => total + (r['type'] === type ? number(r, key) ?? 0 : 0), 0);
  const remote = reports.filter((r) => r['type'] === 'remote-inbound-rtp' && r['kind'] === 'video').map((r) => number(r, 'fractionLost'));
  return {
    at,
    bytesSent: sum('outbound-rtp', 'bytesSent') + sum('outbound-rtp', 'headerBytesSent'),
    bytesReceived: sum('inbound-rtp', 'bytesReceived') + sum('inbound-rtp', 'headerBytesReceived'),
    packetsReceived: sum('inbound-rtp', 'packetsReceived'),
    packetsLost: sum('inbound-rtp', 'packetsLost'),
    remoteLoss: remote.find((share) => share !== undefined),
    roundTrip: number(selectedPair(reports), 'currentRoundTripTime'),
  };
}
