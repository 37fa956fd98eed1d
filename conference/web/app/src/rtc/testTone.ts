import { setSpeaker } from './speakers';

/** Plays two soft tones on the chosen speaker; resolves when they have ended. */
export async function playTestTone(speaker: string): Promise<void> {
  const context = new AudioContext();
  const target = context.createMediaStreamDestination();
  const element = new Audio();
  element.srcObject = target.stream;
  await setSpeaker(element, speaker);
  for (const [index, frequency] of [523.25, 659.25].entries()) {
    const start = context.currentTime + 0.1 + index * 0.35;
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.18, start + 0.03);
    gain.gain.linearRampToValueAtTime(0, start + 0.33);
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(gain).connect(target);
    tone.start(start);
    tone.stop(start + 0.35);
  }
  await element.play().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  element.srcObject = null;
  await context.close();
}
