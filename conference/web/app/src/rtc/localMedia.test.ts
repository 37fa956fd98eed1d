import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalMedia } from './localMedia';

class FakeTrack extends EventTarget {
  enabled = true;
  contentHint = '';
  readyState = 'live';

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
let opened: FakeTrack[];
let fail: string | undefined;
let gate: Promise<void>;
let media: LocalMedia;

const settle = (): Promise<void> => vi.waitFor(() => { expect(media.getState().busy).toEqual({ microphone: false, camera: false }); });

beforeEach(() => {
  asked = [];
  opened = [];
  fail = undefined;
  gate = Promise.resolve();
  const open = async (constraints: Asked): Promise<{ getTracks: () => FakeTrack[]; getVideoTracks: () => FakeTrack[] }> => {
    asked.push(constraints);
    await gate;
    if (fail !== undefined) throw new DOMException('', fail);
    const kind = constraints.video ? 'video' : 'audio';
    const wanted = (constraints.video ?? constraints.audio)?.deviceId?.exact;
    const track = new FakeTrack(kind, wanted ?? `default-${kind}`);
    opened.push(track);
    return { getTracks: () => [track], getVideoTracks: () => [track] };
  };
  const devices = Object.assign(new EventTarget(), {
    getUserMedia: open,
    getDisplayMedia: open,
    enumerateDevices: () => Promise.resolve([{ kind: 'videoinput', deviceId: 'c', label: 'Kamera' }]),
  });
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
    expect(media.outgoing).toEqual({ microphone: null, camera: null, screen: null });
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
});
