import { preferredAudioCodecs, preferredVideoCodecs } from '../rtc/codecs';
import { capture } from '../rtc/devices';
import { watchLevel } from '../rtc/level';
import { call } from '../signaling/api';
import type { Findings } from './findings';
import type { Tools } from './networkTest';
import { openTestCall } from './testCall';
import { pause, within } from './within';

/** What levelOf calls a voice (rtc/level.ts): well above a quiet room. */
const voice = 0.25;
/** Milliseconds that somebody has to say something, a camera to show something, and that its picture is shown at least. */
const patience = { voice: 6000, picture: 6000, look: 1500 };

/** The test's hands in a real browser. */
export const browserTools: Tools = {
  browser: lookAtBrowser,
  capture: (kind) => capture(kind, undefined),
  delivers: (track, signal) => (track.kind === 'audio' ? hearsVoice(track, signal) : showsPicture(track, signal)),
  https: async () => {
    const start = performance.now();
    const response = await call('/api/health');
    return response?.ok ? performance.now() - start : undefined;
  },
  call: openTestCall,
  wait: pause,
};

function lookAtBrowser(): Findings['browser'] {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- absent in old browsers, whatever the types say
  const webRTC = typeof RTCPeerConnection === 'function' && typeof RTCRtpReceiver?.getCapabilities === 'function';
  const names = (kind: 'audio' | 'video'): string[] => {
    const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
    const usable = kind === 'audio' ? preferredAudioCodecs(codecs) : preferredVideoCodecs(codecs);
    return usable.map((codec) => codec.mimeType.split('/')[1] ?? '').filter((name) => name !== 'rtx');
  };
  const [video, audio] = webRTC ? [names('video'), names('audio')] : [[], []];
  // One without the other makes no lesson.
  const codecs = video.length > 0 && audio.length > 0 ? [...new Set([...video, ...audio])] : [];
  return { webRTC, secure: window.isSecureContext, codecs };
}

async function hearsVoice(track: MediaStreamTrack, signal: AbortSignal): Promise<boolean> {
  let stop = (): void => undefined;
  const heard = new Promise<true>((resolve) => {
    stop = watchLevel(track, (level) => { if (level > voice) resolve(true); });
  });
  const result = await within(patience.voice, signal, heard);
  stop();
  return result === true;
}

async function showsPicture(track: MediaStreamTrack, signal: AbortSignal): Promise<boolean> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  const shown = new Promise<true>((resolve) => { video.onloadeddata = () => { resolve(true); }; });
  video.play().catch(() => undefined);
  const result = await within(patience.picture, signal, shown);
  await pause(patience.look, signal);
  video.srcObject = null;
  return result === true && video.error === null;
}
