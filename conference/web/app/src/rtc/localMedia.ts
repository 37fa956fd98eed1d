import type { Captured, DeviceKind, DeviceProblem, Devices } from './devices';
import { capture, captureScreen, listDevices, noDevices } from './devices';

export interface LocalState {
  readonly mic: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  /** A device is being opened; its button waits. */
  readonly busy: Readonly<Record<DeviceKind, boolean>>;
  readonly problem: Readonly<Record<DeviceKind | 'screen', DeviceProblem | undefined>>;
  readonly devices: Devices;
  readonly chosen: { readonly microphone: string | undefined; readonly camera: string | undefined; readonly speaker: string };
}

const noProblems = { microphone: undefined, camera: undefined, screen: undefined } as const;

export const initialLocal: LocalState = {
  mic: false,
  camera: false,
  screen: false,
  busy: { microphone: false, camera: false },
  problem: noProblems,
  devices: noDevices,
  chosen: { microphone: undefined, camera: undefined, speaker: '' },
};

/**
 * The person's own tracks. Nothing is opened before it is asked for. A camera that is switched off is closed, so that its light goes
 * out; a muted microphone stays open but silent, so that speaking again is instant.
 */
export class LocalMedia {
  private current: LocalState = initialLocal;
  private readonly listeners = new Set<() => void>();
  private tracks: { microphone: MediaStreamTrack | null; camera: MediaStreamTrack | null; screen: MediaStreamTrack | null } = {
    microphone: null,
    camera: null,
    screen: null,
  };
  private closed = false;
  /** Grows whenever everything is closed: what was asked for before then must not be opened afterwards. */
  private generation = 0;
  private readonly refreshDevices = (): void => { void this.readDevices(); };

  constructor() {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- absent on pages without HTTPS
    navigator.mediaDevices?.addEventListener('devicechange', this.refreshDevices);
  }

  readonly getState = (): LocalState => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get camera(): MediaStreamTrack | null {
    return this.tracks.camera;
  }

  get screen(): MediaStreamTrack | null {
    return this.tracks.screen;
  }

  /** The microphone's track even while muted, for the level meter. */
  get microphone(): MediaStreamTrack | null {
    return this.tracks.microphone;
  }

  /** What is to be sent: nothing while muted. */
  get outgoing(): { microphone: MediaStreamTrack | null; camera: MediaStreamTrack | null; screen: MediaStreamTrack | null } {
    return { ...this.tracks, microphone: this.current.mic ? this.tracks.microphone : null };
  }

  async setMic(on: boolean): Promise<void> {
    if (on && !this.tracks.microphone) await this.open('microphone');
    const track = this.tracks.microphone;
    if (track) track.enabled = on;
    this.update({ mic: on && track !== null });
  }

  async setCamera(on: boolean): Promise<void> {
    if (on && !this.tracks.camera) await this.open('camera');
    if (!on) this.drop('camera');
    this.update({ camera: on && this.tracks.camera !== null });
  }

  /** Shares the screen that the person chooses, or stops sharing. Changing one's mind is no problem. */
  async setScreen(on: boolean): Promise<void> {
    if (!on) {
      this.drop('screen');
      this.update({ screen: false });
      return;
    }
    const { generation } = this;
    const captured = await captureScreen();
    if (!captured) return;
    if (captured.kind === 'problem') {
      this.update({ problem: { ...this.current.problem, screen: captured.problem } });
      return;
    }
    if (generation !== this.generation) {
      captured.track.stop();
      return;
    }
    this.drop('screen');
    this.tracks.screen = captured.track;
    captured.track.addEventListener('ended', () => {
      if (this.tracks.screen === captured.track) void this.setScreen(false);
    });
    this.update({ screen: true, problem: { ...this.current.problem, screen: undefined } });
  }

  /** Chooses a device; if it is in use at present, it is exchanged at once. */
  async choose(kind: DeviceKind, id: string): Promise<void> {
    this.update({ chosen: { ...this.current.chosen, [kind]: id } });
    if (!this.tracks[kind]) return;
    await this.reopen(kind);
  }

  chooseSpeaker(id: string): void {
    this.update({ chosen: { ...this.current.chosen, speaker: id } });
  }

  forgetProblems(): void {
    this.update({ problem: noProblems });
  }

  /** Phones end tracks of a hidden page: called when it is visible again. */
  async revive(): Promise<void> {
    for (const kind of ['microphone', 'camera'] as const) {
      if (this.tracks[kind]?.readyState === 'ended') await this.reopen(kind);
    }
  }

  /** Closes all devices, so that no light stays on; they can be opened again. */
  release(): void {
    this.generation += 1;
    this.drop('microphone');
    this.drop('camera');
    this.drop('screen');
    this.update({ mic: false, camera: false, screen: false });
  }

  close(): void {
    this.closed = true;
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- absent on pages without HTTPS
    navigator.mediaDevices?.removeEventListener('devicechange', this.refreshDevices);
    this.release();
    this.listeners.clear();
  }

  private async open(kind: DeviceKind): Promise<void> {
    if (this.current.busy[kind]) return;
    this.update({ busy: { ...this.current.busy, [kind]: true }, problem: { ...this.current.problem, [kind]: undefined } });
    const { generation } = this;
    const captured = await capture(kind, this.current.chosen[kind]);
    if (generation === this.generation) this.take(kind, captured);
    else if (captured.kind === 'track') captured.track.stop();
    this.update({ busy: { ...this.current.busy, [kind]: false } });
    await this.readDevices();
  }

  private take(kind: DeviceKind, captured: Captured): void {
    if (captured.kind === 'problem') {
      this.update({ problem: { ...this.current.problem, [kind]: captured.problem } });
      return;
    }
    const { track } = captured;
    this.drop(kind);
    if (kind === 'camera') track.contentHint = 'motion';
    else track.contentHint = 'speech';
    this.tracks[kind] = track;
    // Unplugged, or taken away by the system: fall back to the default device.
    track.addEventListener('ended', () => {
      if (this.tracks[kind] === track && document.visibilityState === 'visible') void this.fallBack(kind);
    });
    const id = track.getSettings().deviceId;
    this.update({ chosen: { ...this.current.chosen, [kind]: id } });
  }

  private async fallBack(kind: DeviceKind): Promise<void> {
    this.update({ chosen: { ...this.current.chosen, [kind]: undefined } });
    await this.reopen(kind);
  }

  private async reopen(kind: DeviceKind): Promise<void> {
    const wasOn = kind === 'microphone' ? this.current.mic : this.current.camera;
    this.drop(kind);
    await this.open(kind);
    const track = this.tracks[kind];
    if (track) track.enabled = wasOn;
    const on = wasOn && track !== null;
    this.update(kind === 'microphone' ? { mic: on } : { camera: on });
  }

  private drop(kind: 'microphone' | 'camera' | 'screen'): void {
    const track = this.tracks[kind];
    this.tracks = { ...this.tracks, [kind]: null };
    track?.stop();
  }

  private async readDevices(): Promise<void> {
    const devices = await listDevices();
    if (!this.closed) this.update({ devices });
  }

  private update(change: Partial<LocalState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}
