// What a network test found, and what it means. Pure: the pages and the result sheet are made of it.
import type { DeviceProblem } from '../rtc/devices';
import type { Measures } from './measures';

export type Light = 'good' | 'fair' | 'bad';

export type DeviceFinding = 'works' | 'silent' | 'skipped' | DeviceProblem;
/** How media got through: not at all, it was not tried, or the server had no place for the test. */
export type Reached = 'yes' | 'no' | 'skipped' | 'busy';

export interface Findings {
  readonly browser: { readonly webRTC: boolean; readonly secure: boolean; readonly codecs: readonly string[] };
  readonly microphone: DeviceFinding;
  readonly camera: DeviceFinding;
  /** Milliseconds until the server answered over HTTPS; undefined when it did not. */
  readonly https: number | undefined;
  readonly socket: Reached;
  readonly udp: Reached;
  readonly tls: Reached;
  /** The path that a lesson would take, and what was measured on it. */
  readonly path: 'udp' | 'tls' | undefined;
  readonly measures: Measures | undefined;
  /** The server's addresses for media, "192.0.2.7:10000". */
  readonly servers: readonly string[];
}

export const steps = ['browser', 'microphone', 'camera', 'https', 'socket', 'udp', 'tls', 'path', 'roundTrip', 'loss', 'upload', 'download'] as const;
export type Step = (typeof steps)[number];

/**
 * Where a value stops being good and where it becomes bad. Round trip: ITU-T G.114 wants 150 ms from mouth to ear, some 100 of which are
 * spent in the devices; up to 400 ms it calls acceptable. Loss: Opus hides a few percent. Bits per second: a camera takes 600,000 up, one with
 * a small picture 150,000; down, a class of sixteen small pictures takes some 1.5 million and the teacher alone 300,000.
 */
export const bounds = {
  roundTrip: { good: 150, fair: 400 },
  loss: { good: 0.02, fair: 0.08 },
  upload: { good: 600_000, fair: 150_000 },
  download: { good: 1_500_000, fair: 300_000 },
} as const;

const below = (value: number, { good, fair }: { readonly good: number; readonly fair: number }): Light =>
  value <= good ? 'good' : value <= fair ? 'fair' : 'bad';
const above = (value: number, { good, fair }: { readonly good: number; readonly fair: number }): Light =>
  value >= good ? 'good' : value >= fair ? 'fair' : 'bad';

/** A step's traffic light; undefined where nothing was found out. */
export function lightOf(step: Step, f: Findings): Light | undefined {
  const { measures: m } = f;
  switch (step) {
    case 'browser':
      return f.browser.webRTC && f.browser.secure && f.browser.codecs.length > 0 ? 'good' : 'bad';
    case 'microphone':
    case 'camera':
      return f[step] === 'skipped' ? undefined : f[step] === 'works' ? 'good' : 'fair';
    case 'https':
      return f.https === undefined ? 'bad' : 'good';
    case 'socket':
    case 'udp':
    case 'tls':
      return reachedLight(step, f);
    case 'path':
      return f.path === undefined ? (f.udp === 'no' || f.tls === 'no' ? 'bad' : undefined) : f.path === 'udp' ? 'good' : 'fair';
    case 'roundTrip':
      return m?.roundTrip === undefined ? undefined : below(m.roundTrip, bounds.roundTrip);
    case 'loss':
      return m ? below(Math.max(m.lossUp, m.lossDown), bounds.loss) : undefined;
    case 'upload':
      return m && above(m.up, bounds.upload);
    case 'download':
      return m && above(m.down, bounds.download);
  }
}

/** One of the two ways for media is enough for a lesson, but the one over UDP is the better one. */
function reachedLight(step: 'socket' | 'udp' | 'tls', f: Findings): Light | undefined {
  if (f[step] === 'yes') return 'good';
  if (f[step] !== 'no') return f[step] === 'busy' ? 'fair' : undefined;
  const other = step === 'udp' ? f.tls : step === 'tls' ? f.udp : 'no';
  return other === 'yes' ? 'fair' : 'bad';
}

export type Verdict = 'good' | 'detour' | 'noFallback' | 'weak' | 'poor' | 'blocked' | 'noSocket' | 'noServer' | 'browser' | 'busy';

/** All in one word; what hinders most comes first. */
export function verdictOf(f: Findings): Verdict {
  if (lightOf('browser', f) === 'bad') return 'browser';
  if (f.https === undefined) return 'noServer';
  if (f.socket === 'no') return 'noSocket';
  if (f.socket === 'busy' || (f.path === undefined && (f.udp === 'busy' || f.tls === 'busy'))) return 'busy';
  if (f.path === undefined) return 'blocked';
  const line = (['roundTrip', 'loss', 'upload', 'download'] as const).map((step) => lightOf(step, f));
  if (line.includes('bad')) return 'poor';
  if (f.path === 'tls') return 'detour';
  if (line.includes('fair')) return 'weak';
  return f.tls === 'no' ? 'noFallback' : 'good';
}

export function verdictLight(verdict: Verdict): Light {
  switch (verdict) {
    case 'good':
    case 'noFallback':
      return 'good';
    case 'detour':
    case 'weak':
    case 'busy':
      return 'fair';
    case 'poor':
    case 'blocked':
    case 'noSocket':
    case 'noServer':
    case 'browser':
      return 'bad';
  }
}
