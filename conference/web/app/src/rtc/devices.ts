export type DeviceKind = 'microphone' | 'camera';

/**
 * Why a device could not be had, in the terms of the Media Capture specification's errors (§10.1). `system`: not the browser but the
 * computer's privacy settings say no. `insecure`: the page did not come over HTTPS.
 */
export type DeviceProblem = 'denied' | 'system' | 'missing' | 'in-use' | 'insecure' | 'unsupported' | 'other';

export interface Failed {
  readonly kind: 'problem';
  readonly problem: DeviceProblem;
}

export type Captured = { readonly kind: 'track'; readonly track: MediaStreamTrack } | Failed;

export interface CapturedScreen {
  readonly kind: 'screen';
  readonly picture: MediaStreamTrack;
  /** What the shared tab, window or system plays; not every browser gives it, and the person may have said no. */
  readonly sound: MediaStreamTrack | null;
}

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

/** `secure` is window.isSecureContext: without it there is no navigator.mediaDevices at all, whatever the error says. */
export function classifyProblem(error: unknown, secure = true): DeviceProblem {
  if (!secure) return 'insecure';
  const { name, message } = error instanceof Error || error instanceof DOMException ? error : { name: '', message: '' };
  switch (name) {
    case 'NotAllowedError':
      // Chromium says so in words and nowhere else.
      return message.includes('denied by system') ? 'system' : 'denied';
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

const problemOf = (error: unknown): Failed => ({ kind: 'problem', problem: classifyProblem(error, window.isSecureContext) });

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
    return problemOf(error);
  }
}

/** What browsers know beyond the types of TypeScript; those that do not know a member ignore it (Screen Capture §5.4). */
interface DisplayOptions extends DisplayMediaStreamOptions {
  readonly systemAudio?: 'include' | 'exclude';
  readonly surfaceSwitching?: 'include' | 'exclude';
  readonly selfBrowserSurface?: 'include' | 'exclude';
}

/** Frames per second: few for text, so that the bits make letters sharp; more for a film. */
export const screenRate = (motion: boolean): number => (motion ? 30 : 15);

/**
 * Lets the person choose a screen, window or tab, with what it plays; undefined when they changed their mind. Must be called from a
 * gesture. Constraints are bare and ideal, because Safari and Firefox refuse others here.
 */
export async function captureScreen(motion: boolean): Promise<CapturedScreen | Failed | undefined> {
  const options: DisplayOptions = {
    video: { frameRate: screenRate(motion) }, audio: true, systemAudio: 'include', surfaceSwitching: 'include', selfBrowserSurface: 'exclude',
  };
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia(options);
    const picture = stream.getVideoTracks()[0];
    if (!picture) return { kind: 'problem', problem: 'missing' };
    picture.contentHint = motion ? 'motion' : 'detail';
    const sound = stream.getAudioTracks()[0] ?? null;
    if (sound) sound.contentHint = 'music';
    return { kind: 'screen', picture, sound };
  } catch (error) {
    const failed = problemOf(error);
    return failed.problem === 'denied' ? undefined : failed;
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
