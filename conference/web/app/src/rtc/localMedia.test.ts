import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalMedia } from './localMedia';

class FakeTrack extends EventTarget {
  enabled = true;
  contentHint = '';
  readyState = 'live';
  muted = false;
  readonly asked: object[] = [];

  get label(): string {
    return `Gerät ${this.deviceId}`;
  }

  applyConstraints(wanted: object): Promise<void> {
    this.asked.push(wanted);
    return Promise.resolve();
  }

  /** As when the system takes the device away for a telephone call, or gives it back. */
  silence(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  }

  constructor(readonly kind: string, readonly deviceId: string) {
    super();
  }

  getSettings(): { deviceId: string } {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** As when the device is unplugged. */
  unplug(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

interface Asked {
  readonly video?: { readonly deviceId?: { readonly exact: string } };
  readonly audio?: { readonly deviceId?: { readonly exact: string } };
}

let asked: Asked[];
let listed: { kind: string; deviceId: string; label: string }[];
let devices: EventTarget;
let withSound: boolean;
let withoutTurns: number;
let mostAtOnce: number;
let opened: FakeTrack[];
let fail: string | undefined;
let gate: Promise<void>;
let media: LocalMedia;

const settle = (): Promise<void> => vi.waitFor(() => { expect(media.getState().busy).toEqual({ microphone: false, camera: false }); });

beforeEach(() => {
  asked = [];
  listed = [{ kind: 'videoinput', deviceId: 'c', label: 'Kamera' }];
  withSound = false;
  withoutTurns = 0;
  mostAtOnce = 0;
  opened = [];
  fail = undefined;
  gate = Promise.resolve();
  const open = async (constraints: Asked): Promise<FakeTrack> => {
    asked.push(constraints);
    await gate;
    if (fail !== undefined) throw new DOMException('', fail);
    const kind = constraints.video ? 'video' : 'audio';
    const wanted = (constraints.video ?? constraints.audio)?.deviceId?.exact;
    const track = new FakeTrack(kind, wanted ?? `default-${kind}`);
    opened.push(track);
    return track;
  };
  devices = Object.assign(new EventTarget(), {
    getUserMedia: async (constraints: Asked) => {
      withoutTurns += 1;
      mostAtOnce = Math.max(mostAtOnce, withoutTurns);
      try {
        const track = await open(constraints);
        return { getTracks: () => [track] };
      } finally {
        withoutTurns -= 1;
      }
    },
    getDisplayMedia: async (constraints: Asked) => {
      const picture = await open(constraints);
      const sound = withSound ? [new FakeTrack('audio', 'tab')] : [];
      opened.push(...sound);
      return { getVideoTracks: () => [picture], getAudioTracks: () => sound };
    },
    enumerateDevices: () => Promise.resolve(listed),
  });
  vi.stubGlobal('window', { isSecureContext: true });
  vi.stubGlobal('navigator', { mediaDevices: devices });
  vi.stubGlobal('document', { visibilityState: 'visible' });
  media = new LocalMedia();
});
afterEach(() => {
  media.close();
  vi.unstubAllGlobals();
});

const live = (): FakeTrack[] => opened.filter((track) => track.readyState === 'live');

describe('LocalMedia', () => {
  it('opens nothing before it is asked to', () => {
    expect(asked).toEqual([]);
    expect(media.outgoing).toEqual({ microphone: null, camera: null, screen: null, screenSound: null });
  });

  it('sends nothing while muted, but keeps the microphone at hand', async () => {
    await media.setMic(true);
    expect(media.outgoing.microphone).toBe(opened[0]);
    await media.setMic(false);
    expect(media.outgoing.microphone).toBeNull();
    expect(opened[0]).toMatchObject({ enabled: false, readyState: 'live' });
    await media.setMic(true);
    expect(opened).toHaveLength(1);
    expect(opened[0]?.enabled).toBe(true);
  });

  it('closes the camera when it is switched off', async () => {
    await media.setCamera(true);
    expect(media.getState()).toMatchObject({ camera: true, devices: { cameras: [{ id: 'c', label: 'Kamera' }] } });
    await media.setCamera(false);
    expect(live()).toEqual([]);
    expect(media.outgoing.camera).toBeNull();
  });

  it('says what the problem is and can be tried again', async () => {
    fail = 'NotAllowedError';
    await media.setCamera(true);
    expect(media.getState()).toMatchObject({ camera: false, problem: { camera: 'denied' } });
    fail = undefined;
    await media.setCamera(true);
    expect(media.getState()).toMatchObject({ camera: true, problem: { camera: undefined } });
  });

  it('falls back to the default device when the chosen one is unplugged', async () => {
    await media.choose('camera', 'usb');
    await media.setCamera(true);
    expect(asked.at(-1)?.video?.deviceId).toEqual({ exact: 'usb' });
    opened[0]?.unplug();
    await vi.waitFor(() => { expect(opened).toHaveLength(2); });
    await settle();
    expect(asked.at(-1)?.video?.deviceId).toBeUndefined();
    expect(media.outgoing.camera).toBe(opened[1]);
  });

  it('keeps a muted microphone muted when it has to change the device', async () => {
    await media.setMic(true);
    await media.setMic(false);
    opened[0]?.unplug();
    await vi.waitFor(() => { expect(opened).toHaveLength(2); });
    await settle();
    expect(media.getState().mic).toBe(false);
    expect(opened[1]?.enabled).toBe(false);
    expect(media.outgoing.microphone).toBeNull();
  });

  it('exchanges a device in use when another is chosen', async () => {
    await media.setCamera(true);
    await media.choose('camera', 'usb');
    expect(opened.map((t) => `${t.deviceId} ${t.readyState}`)).toEqual(['default-video ended', 'usb live']);
    expect(media.getState().camera).toBe(true);
  });

  it('revives what a phone has ended in the background', async () => {
    await media.setCamera(true);
    vi.stubGlobal('document', { visibilityState: 'hidden' });
    opened[0]?.unplug();
    await Promise.resolve();
    expect(opened).toHaveLength(1);
    vi.stubGlobal('document', { visibilityState: 'visible' });
    await media.revive();
    expect(media.outgoing.camera).toBe(opened[1]);
  });

  it('stops sharing when the browser’s own button is used', async () => {
    await media.setScreen(true);
    expect(media.getState().screen).toBe(true);
    opened[0]?.unplug();
    expect(media.getState().screen).toBe(false);
    expect(media.outgoing.screen).toBeNull();
  });

  it('takes a change of mind about the screen for no problem', async () => {
    fail = 'NotAllowedError';
    await media.setScreen(true);
    expect(media.getState()).toMatchObject({ screen: false, problem: { screen: undefined } });
    fail = 'NotReadableError';
    await media.setScreen(true);
    expect(media.getState().problem.screen).toBe('in-use');
  });

  it.each(['release', 'close'] as const)('%s() closes everything, also what comes late', async (end) => {
    await media.setMic(true);
    let open = (): void => undefined;
    gate = new Promise((resolve) => { open = resolve; });
    const camera = media.setCamera(true);
    const screen = media.setScreen(true);
    media[end]();
    open();
    await Promise.all([camera, screen]);
    expect(opened).toHaveLength(3);
    expect(live()).toEqual([]);
    expect(media.getState()).toMatchObject({ mic: false, camera: false, screen: false });
  });

  it('opens a device once, however often the button is pressed', async () => {
    await Promise.all([media.setCamera(true), media.setCamera(true)]);
    expect(asked).toHaveLength(1);
    expect(media.getState().camera).toBe(true);
  });

  it('asks for one device after the other', async () => {
    await Promise.all([media.setMic(true), media.setCamera(true)]);
    expect(asked).toHaveLength(2);
    expect(mostAtOnce).toBe(1);
    expect(media.getState()).toMatchObject({ mic: true, camera: true });
  });

  it('says which device took the place of one that was unplugged', async () => {
    await media.choose('microphone', 'headset');
    await media.setMic(true);
    opened[0]?.unplug();
    await vi.waitFor(() => { expect(media.getState().replaced).toEqual({ kind: 'microphone', label: 'Gerät default-audio' }); });
    expect(media.getState().mic).toBe(true);
    media.forgetReplaced();
    expect(media.getState().replaced).toBeUndefined();
  });

  it('notices by the list that a headset is gone whose track goes on', async () => {
    listed = [{ kind: 'audioinput', deviceId: 'headset', label: 'Headset' }, { kind: 'audiooutput', deviceId: 'ohr', label: 'Headset' }];
    await media.choose('microphone', 'headset');
    await media.setMic(true);
    media.chooseSpeaker('ohr');
    listed = [{ kind: 'audioinput', deviceId: 'innen', label: 'Eingebaut' }];
    devices.dispatchEvent(new Event('devicechange'));
    await vi.waitFor(() => { expect(opened).toHaveLength(2); });
    await vi.waitFor(() => { expect(media.getState().chosen.speaker).toBe(''); });
    expect(opened.map((t) => t.readyState)).toEqual(['ended', 'live']);
    expect(media.getState()).toMatchObject({ mic: true, chosen: { microphone: 'default-audio' } });
    expect(media.getState().replaced).toBeDefined();
  });

  it('shows that the system has silenced a device, and opens it anew on wish', async () => {
    await media.setMic(true);
    opened[0]?.silence(true);
    expect(media.getState()).toMatchObject({ mic: true, interrupted: { microphone: true } });
    opened[0]?.silence(false);
    expect(media.getState().interrupted.microphone).toBe(false);
    opened[0]?.silence(true);
    await media.resume('microphone');
    expect(opened).toHaveLength(2);
    expect(media.getState()).toMatchObject({ mic: true, interrupted: { microphone: false } });
  });

  it('opens a device anew that is still silent some time after the page came back', async () => {
    vi.useFakeTimers();
    try {
      await media.setCamera(true);
      opened[0]?.silence(true);
      await media.revive();
      expect(opened).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1500);
      expect(opened).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('sends the sound of what is shared, until that ends', async () => {
    withSound = true;
    await media.setScreen(true);
    expect(media.outgoing).toMatchObject({ screen: opened[0], screenSound: opened[1] });
    expect(media.getState().screenSound).toBe(true);
    opened[1]?.unplug();
    expect(media.outgoing).toMatchObject({ screen: opened[0], screenSound: null });
    expect(media.getState()).toMatchObject({ screen: true, screenSound: false });
    await media.setScreen(false);
    await media.setScreen(true);
    opened[2]?.unplug();
    expect(live()).toEqual([]);
  });

  it('tunes a shared screen for text or for films', async () => {
    await media.setScreen(true);
    expect(opened[0]?.contentHint).toBe('detail');
    media.setScreenMotion(true);
    expect(opened[0]).toMatchObject({ contentHint: 'motion', asked: [{ frameRate: 30 }] });
    await media.setScreen(true);
    expect(opened[1]?.contentHint).toBe('motion');
  });
});
