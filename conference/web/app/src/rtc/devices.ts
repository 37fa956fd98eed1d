export type DeviceKind = 'microphone' | 'camera';

/** Why a device could not be had, in the terms of the Media Capture specification's errors (§10.1). */
export type DeviceProblem = 'denied' | 'missing' | 'in-use' | 'unsupported' | 'other';

export type Captured =
  | { readonly kind: 'track'; readonly track: MediaStreamTrack }
  | { readonly kind: 'problem'; readonly problem: DeviceProblem };

export interface Device {
  readonly id: string;
  readonly label: string;
}

export interface Devices {
  readonly microphones: readonly Device[];
  readonly cameras: readonly Device[];
  readonly speakers: readonly Device[];
}

export const noDevices: Devices = { microphones: [], cameras: [], speakers: [] };

/** What the camera is asked for: good enough for a tile, cheap enough for a school's line. */
const camera: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24, max: 24 } };
const microphone: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

export function classifyProblem(error: unknown): DeviceProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'in-use';
    case 'TypeError':
      return 'unsupported';
    default:
      return 'other';
  }
}

/** Opens a camera or microphone; a chosen device that is gone is replaced by the default one. */
export async function capture(kind: DeviceKind, deviceId: string | undefined): Promise<Captured> {
  const first = await tryCapture(kind, deviceId);
  const gone = first.kind === 'problem' && first.problem === 'missing' && deviceId !== undefined;
  return gone ? tryCapture(kind, undefined) : first;
}

async function tryCapture(kind: DeviceKind, deviceId: string | undefined): Promise<Captured> {
  const wanted = { ...(kind === 'camera' ? camera : microphone), ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }) };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(kind === 'camera' ? { video: wanted } : { audio: wanted });
    const track = stream.getTracks()[0];
    return track ? { kind: 'track', track } : { kind: 'problem', problem: 'missing' };
  } catch (error) {
    return { kind: 'problem', problem: classifyProblem(error) };
  }
}

/** Lets the person choose a screen or window; undefined when they changed their mind. */
export async function captureScreen(): Promise<Captured | undefined> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 10, max: 15 } }, audio: false });
    const track = stream.getVideoTracks()[0];
    if (!track) return { kind: 'problem', problem: 'missing' };
    track.contentHint = 'detail';
    return { kind: 'track', track };
  } catch (error) {
    const problem = classifyProblem(error);
    return problem === 'denied' ? undefined : { kind: 'problem', problem };
  }
}

export function canShareScreen(): boolean {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- absent on phones, whatever the types say
  return typeof navigator !== 'undefined' && typeof navigator.mediaDevices?.getDisplayMedia === 'function';
}

/** The devices as far as the browser names them; without permission it names none. */
export async function listDevices(): Promise<Devices> {
  try {
    return groupDevices(await navigator.mediaDevices.enumerateDevices());
  } catch {
    return noDevices;
  }
}

export function groupDevices(all: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[]): Devices {
  const of = (kind: MediaDeviceKind): Device[] =>
    all.filter((d) => d.kind === kind && d.deviceId !== '' && d.label !== '').map((d) => ({ id: d.deviceId, label: d.label }));
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
}
