import type { Captured, CapturedScreen, DeviceKind, DeviceProblem, Devices } from './devices';
import { capture, captureScreen, listDevices, noDevices, screenRate } from './devices';
import type { OutgoingTracks } from './peer';

/** A device was gone and another has taken its place. */
export interface Replaced {
  readonly kind: DeviceKind | 'speaker';
  /** As the system calls it; '' when it has no name. */
  readonly label: string;
}

export interface LocalState {
  readonly mic: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  /** What the shared screen plays is sent as well. */
  readonly screenSound: boolean;
  /** Shared screens are tuned for films instead of text. */
  readonly screenMotion: boolean;
  /** A device is being opened; its button waits. */
  readonly busy: Readonly<Record<DeviceKind, boolean>>;
  readonly problem: Readonly<Record<DeviceKind | 'screen', DeviceProblem | undefined>>;
  /** The system has silenced the device for now: a telephone call, another app, a switch on the laptop. */
  readonly interrupted: Readonly<Record<DeviceKind, boolean>>;
  readonly replaced: Replaced | undefined;
  readonly devices: Devices;
  readonly chosen: { readonly microphone: string | undefined; readonly camera: string | undefined; readonly speaker: string };
}

const noProblems = { microphone: undefined, camera: undefined, screen: undefined } as const;
const kinds = ['microphone', 'camera'] as const;
const listOf = { microphone: 'microphones', camera: 'cameras', speaker: 'speakers' } as const;
const silence: OutgoingTracks = { microphone: null, camera: null, screen: null, screenSound: null };
/** Milliseconds in which a device that the system had silenced may come back by itself when the page is visible again. */
const patience = 1500;

export const initialLocal: LocalState = {
  mic: false,
  camera: false,
  screen: false,
  screenSound: false,
  screenMotion: false,
  busy: { microphone: false, camera: false },
  problem: noProblems,
  interrupted: { microphone: false, camera: false },
  replaced: undefined,
  devices: noDevices,
  chosen: { microphone: undefined, camera: undefined, speaker: '' },
};

/**
 * The person's own tracks. Nothing is opened before it is asked for. A camera that is switched off is closed, so that its light goes
 * out; a muted microphone stays open but silent, so that speaking again is instant. Devices are opened one after the other: Safari takes
 * the first away when a second is asked for meanwhile, and nobody answers two questions at once.
 */
export class LocalMedia {
  private current: LocalState = initialLocal;
  private readonly listeners = new Set<() => void>();
  private tracks: OutgoingTracks = silence;
  private closed = false;
  /** Grows whenever everything is closed: what was asked for before then must not be opened afterwards. */
  private generation = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private reviving: ReturnType<typeof setTimeout> | undefined;
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
  get outgoing(): OutgoingTracks {
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

  /** Shares what the person chooses, or stops sharing. Changing one's mind is no problem. Must be called from a gesture. */
  async setScreen(on: boolean): Promise<void> {
    if (!on) {
      this.drop('screen', 'screenSound');
      this.update({ screen: false, screenSound: false });
      return;
    }
    const { generation } = this;
    const captured = await captureScreen(this.current.screenMotion);
    if (!captured) return;
    if (captured.kind === 'problem') {
      this.update({ problem: { ...this.current.problem, screen: captured.problem } });
      return;
    }
    if (generation === this.generation) this.takeScreen(captured);
    else {
      captured.picture.stop();
      captured.sound?.stop();
    }
  }

  /** Tunes the shared screen for films (smooth) or for text (sharp), also while it is shared. */
  setScreenMotion(motion: boolean): void {
    const track = this.tracks.screen;
    if (track) {
      track.contentHint = motion ? 'motion' : 'detail';
      // Where the rate cannot be changed any more, the hint alone does most of the work.
      track.applyConstraints({ frameRate: screenRate(motion) }).catch(() => undefined);
    }
    this.update({ screenMotion: motion });
  }

  /** Chooses a device; if it is in use at present, it is exchanged at once. */
  async choose(kind: DeviceKind, id: string): Promise<void> {
    this.update({ chosen: { ...this.current.chosen, [kind]: id }, replaced: undefined });
    if (!this.tracks[kind]) return;
    await this.reopen(kind);
  }

  chooseSpeaker(id: string): void {
    this.update({ chosen: { ...this.current.chosen, speaker: id }, replaced: undefined });
  }

  forgetProblems(): void {
    this.update({ problem: noProblems });
  }

  forgetReplaced(): void {
    this.update({ replaced: undefined });
  }

  /** Opens a device anew that the system had silenced. */
  async resume(kind: DeviceKind): Promise<void> {
    if (this.tracks[kind]) await this.reopen(kind);
  }

  /** Phones end or silence tracks of a hidden page: called when it is visible again. */
  async revive(): Promise<void> {
    clearTimeout(this.reviving);
    for (const kind of kinds) {
      if (this.tracks[kind]?.readyState === 'ended') await this.reopen(kind);
    }
    if (!kinds.some((kind) => this.current.interrupted[kind])) return;
    this.reviving = setTimeout(() => {
      for (const kind of kinds) if (this.current.interrupted[kind]) void this.resume(kind);
    }, patience);
  }

  /** Closes all devices, so that no light stays on; they can be opened again. */
  release(): void {
    this.generation += 1;
    clearTimeout(this.reviving);
    this.drop('microphone', 'camera', 'screen', 'screenSound');
    this.update({ mic: false, camera: false, screen: false, screenSound: false, replaced: undefined });
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
    const captured = await this.inTurn(() => capture(kind, this.current.chosen[kind]));
    if (generation === this.generation) this.take(kind, captured);
    else if (captured.kind === 'track') captured.track.stop();
    this.update({ busy: { ...this.current.busy, [kind]: false } });
    await this.readDevices();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private take(kind: DeviceKind, captured: Captured): void {
    if (captured.kind === 'problem') {
      this.update({ problem: { ...this.current.problem, [kind]: captured.problem } });
      return;
    }
    const { track } = captured;
    this.drop(kind);
    track.contentHint = kind === 'camera' ? 'motion' : 'speech';
    this.tracks = { ...this.tracks, [kind]: track };
    const mine = (): boolean => this.tracks[kind] === track;
    // Unplugged, or taken away by the system: fall back to the default device.
    track.addEventListener('ended', () => {
      if (mine() && document.visibilityState === 'visible') void this.fallBack(kind);
    });
    for (const event of ['mute', 'unmute'] as const) {
      track.addEventListener(event, () => {
        if (mine()) this.update({ interrupted: { ...this.current.interrupted, [kind]: event === 'mute' } });
      });
    }
    this.update({
      chosen: { ...this.current.chosen, [kind]: track.getSettings().deviceId },
      interrupted: { ...this.current.interrupted, [kind]: track.muted },
    });
  }

  private takeScreen({ picture, sound }: CapturedScreen): void {
    this.drop('screen', 'screenSound');
    this.tracks = { ...this.tracks, screen: picture, screenSound: sound };
    // The browser's own bar ends both; a tab that falls silent for good ends its sound alone.
    picture.addEventListener('ended', () => {
      if (this.tracks.screen === picture) void this.setScreen(false);
    });
    sound?.addEventListener('ended', () => {
      if (this.tracks.screenSound !== sound) return;
      this.drop('screenSound');
      this.update({ screenSound: false });
    });
    this.update({ screen: true, screenSound: sound !== null, problem: { ...this.current.problem, screen: undefined } });
  }

  private async fallBack(kind: DeviceKind): Promise<void> {
    this.update({ chosen: { ...this.current.chosen, [kind]: undefined } });
    await this.reopen(kind);
    const track = this.tracks[kind];
    if (track) this.update({ replaced: { kind, label: track.label } });
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

  private drop(...what: readonly (keyof OutgoingTracks)[]): void {
    for (const kind of what) {
      const track = this.tracks[kind];
      this.tracks = { ...this.tracks, [kind]: null };
      track?.stop();
      if (kind === 'microphone' || kind === 'camera') this.current = { ...this.current, interrupted: { ...this.current.interrupted, [kind]: false } };
    }
  }

  private async readDevices(): Promise<void> {
    const before = this.current.devices;
    const devices = await listDevices();
    if (this.closed) return;
    this.update({ devices });
    const gone = (what: DeviceKind | 'speaker'): boolean => {
      const id = this.current.chosen[what];
      return before[listOf[what]].some((device) => device.id === id) && devices[listOf[what]].every((device) => device.id !== id);
    };
    // Not every browser ends the track of a headset that is unplugged; some play into the void.
    for (const kind of kinds) if (this.tracks[kind]?.readyState === 'live' && gone(kind)) await this.fallBack(kind);
    if (gone('speaker')) this.update({ chosen: { ...this.current.chosen, speaker: '' }, replaced: { kind: 'speaker', label: '' } });
  }

  private update(change: Partial<LocalState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}
