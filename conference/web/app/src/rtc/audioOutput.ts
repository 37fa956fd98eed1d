import { setSpeaker } from './speakers';

/** Both give user activation in all browsers (HTML Standard, "activation triggering input event"; a click follows each tap). */
const gestures = ['click', 'keydown'] as const;

/**
 * One audio element per audio slot. The elements are made and started in the click on "Beitreten", because browsers let a page make
 * sound only after a gesture; `blocked` tells when one refused nevertheless, as some do after a reload. Then the next gesture anywhere
 * on the page is leave enough: nobody has to find a button first.
 */
export class AudioOutput {
  private readonly elements: HTMLAudioElement[] = [];
  private readonly onGesture = (): void => { void this.resume(); };

  constructor(count: number, private readonly blocked: (blocked: boolean) => void) {
    for (let i = 0; i < count; i++) {
      const element = new Audio();
      element.autoplay = true;
      this.elements.push(element);
    }
  }

  /** Attaches the streams of the audio slots, in order; elements without a stream fall silent. */
  attach(streams: readonly (MediaStream | undefined)[]): void {
    this.elements.forEach((element, index) => {
      const stream = streams[index] ?? null;
      if (element.srcObject === stream) return;
      element.srcObject = stream;
      if (stream) void this.play(element);
    });
  }

  /** Tries again, from within a gesture. */
  async resume(): Promise<void> {
    this.awaitGesture(false);
    this.blocked(false);
    await Promise.all(this.elements.filter((e) => e.srcObject).map((e) => this.play(e)));
  }

  setSpeaker(id: string): void {
    for (const element of this.elements) void setSpeaker(element, id);
  }

  close(): void {
    this.awaitGesture(false);
    for (const element of this.elements) {
      element.pause();
      element.srcObject = null;
    }
  }

  private async play(element: HTMLAudioElement): Promise<void> {
    try {
      await element.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') {
        this.awaitGesture(true);
        this.blocked(true);
      }
    }
  }

  private awaitGesture(wanted: boolean): void {
    for (const gesture of gestures) {
      if (wanted) window.addEventListener(gesture, this.onGesture, { capture: true });
      else window.removeEventListener(gesture, this.onGesture, { capture: true });
    }
  }
}
