import type { Captured, DeviceKind } from '../rtc/devices';
import { Store } from '../state/store';
import type { DeviceFinding, Findings, Reached, Step } from './findings';
import type { Sample } from './measures';
import { measure } from './measures';

/** Media to the server and back, as long as the test measures. */
export interface TestCall {
  /** How media travels. */
  readonly path: 'udp' | 'tls';
  /** The server's addresses for media. */
  readonly servers: readonly string[];
  readonly sample: () => Promise<Sample>;
  readonly close: () => void;
}

/** How an attempt at a call went: 'no' when media did not get through, 'noSocket' when signalling did not. */
export type Attempt = TestCall | 'no' | 'noSocket' | 'busy';

/** What the test does to the world. */
export interface Tools {
  readonly browser: () => Findings['browser'];
  readonly capture: (kind: DeviceKind) => Promise<Captured>;
  /** Whether the track delivers: a voice, or a picture. Ends early when the signal does. */
  readonly delivers: (track: MediaStreamTrack, signal: AbortSignal) => Promise<boolean>;
  readonly https: () => Promise<number | undefined>;
  readonly call: (relayOnly: boolean, signal: AbortSignal) => Promise<Attempt>;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export interface TestState {
  readonly phase: 'idle' | 'running' | 'done';
  /** What is being looked at. */
  readonly step: Step | undefined;
  /** The steps that are through, in order. */
  readonly done: readonly Step[];
  readonly findings: Findings;
  /** The device that is being tried, for meter and preview. */
  readonly track: MediaStreamTrack | undefined;
}

const nothing: Findings = {
  browser: { webRTC: false, secure: false, codecs: [] }, microphone: 'skipped', camera: 'skipped', https: undefined, socket: 'skipped', udp: 'skipped',
  tls: 'skipped', path: undefined, measures: undefined, servers: [],
};
const idle: TestState = { phase: 'idle', step: undefined, done: [], findings: nothing, track: undefined };

/** How long the line is measured, and how often. */
const measuring = { seconds: 8, pause: 500 };

/** The network test: one step after the other, each with what was found. What does not work ends no test but its own step. */
export class NetworkTest {
  private readonly store = new Store<TestState, Partial<TestState>>(idle, (state, change) => ({ ...state, ...change }));
  private stopper = new AbortController();

  readonly getState = this.store.getState;
  readonly subscribe = this.store.subscribe;

  constructor(private readonly tools: Tools) {}

  /** Runs the whole test anew. Never rejects. */
  async run(withDevices: boolean): Promise<void> {
    this.stopper.abort();
    const stopper = new AbortController();
    this.stopper = stopper;
    this.store.dispatch({ ...idle, phase: 'running' });
    await this.steps(withDevices, stopper.signal);
    if (!stopper.signal.aborted) this.store.dispatch({ phase: 'done', step: undefined });
  }

  /** Ends a running test and gives devices and connections back. */
  stop(): void {
    this.stopper.abort();
  }

  private async steps(withDevices: boolean, signal: AbortSignal): Promise<void> {
    this.begin('browser', signal);
    this.found('browser', { browser: this.tools.browser() }, signal);
    if (withDevices) {
      for (const kind of ['microphone', 'camera'] as const) {
        this.begin(kind, signal);
        this.found(kind, { [kind]: await this.device(kind, signal) }, signal);
      }
    }
    this.begin('https', signal);
    this.found('https', { https: await this.tools.https() }, signal);
    if (this.getState().findings.browser.webRTC) await this.media(signal);
  }

  private async device(kind: DeviceKind, signal: AbortSignal): Promise<DeviceFinding> {
    const captured = await this.tools.capture(kind);
    if (captured.kind === 'problem') return captured.problem;
    try {
      this.say({ track: captured.track }, signal);
      return (await this.tools.delivers(captured.track, signal)) ? 'works' : 'silent';
    } finally {
      captured.track.stop();
      this.say({ track: undefined }, signal);
    }
  }

  /** UDP first, then the way around it; what works and is better is measured. */
  private async media(signal: AbortSignal): Promise<void> {
    this.begin('socket', signal);
    const straight = await this.tools.call(false, signal);
    if (isOver(signal)) {
      closeCall(straight);
      return;
    }
    if (straight === 'noSocket' || straight === 'busy') {
      this.found('socket', { socket: straight === 'busy' ? 'busy' : 'no' }, signal);
      return;
    }
    this.found('socket', { socket: 'yes' }, signal);
    this.begin('udp', signal);
    this.found('udp', { udp: reached(straight), ...(isCall(straight) ? { servers: straight.servers } : {}) }, signal);
    if (isCall(straight)) await this.line(straight, signal);
    if (isOver(signal)) return;
    this.begin('tls', signal);
    const around = await this.tools.call(true, signal);
    this.found('tls', { tls: reached(around), ...(isCall(around) && !isCall(straight) ? { servers: around.servers } : {}) }, signal);
    if (isCall(around) && !isCall(straight)) await this.line(around, signal);
    else closeCall(around);
    this.found('path', {}, signal);
  }

  /** Measures a call for some seconds and ends it. */
  private async line(call: TestCall, signal: AbortSignal): Promise<void> {
    this.begin('roundTrip', signal);
    const samples: Sample[] = [];
    try {
      for (let i = 0; i <= (measuring.seconds * 1000) / measuring.pause && !signal.aborted; i++) {
        samples.push(await call.sample());
        await this.tools.wait(measuring.pause, signal);
      }
    } finally {
      call.close();
    }
    this.say({ findings: { ...this.getState().findings, path: call.path, measures: measure(samples) } }, signal);
    for (const step of ['roundTrip', 'loss', 'upload', 'download'] as const) this.found(step, {}, signal);
  }

  private begin(step: Step, signal: AbortSignal): void {
    this.say({ step }, signal);
  }

  private found(step: Step, found: Partial<Findings>, signal: AbortSignal): void {
    const { findings, done } = this.getState();
    this.say({ findings: { ...findings, ...found }, done: [...done, step] }, signal);
  }

  /** A test that was ended says nothing more. */
  private say(change: Partial<TestState>, signal: AbortSignal): void {
    if (!signal.aborted) this.store.dispatch(change);
  }
}

/** A function, because the compiler takes a property that it has looked at for constant. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;

const isCall = (attempt: Attempt): attempt is TestCall => typeof attempt === 'object';

function closeCall(attempt: Attempt): void {
  if (isCall(attempt)) attempt.close();
}

function reached(attempt: Attempt): Reached {
  if (isCall(attempt)) return 'yes';
  return attempt === 'no' ? 'no' : attempt === 'busy' ? 'busy' : 'skipped';
}
