interface WithSink {
  setSinkId(id: string): Promise<void>;
}

/** Whether the browser lets a page choose the speaker (Audio Output Devices API; Safari does not). */
export function canChooseSpeaker(): boolean {
  return typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;
}

/** Sends an element's sound to a speaker; '' is the default. A speaker that is gone leaves the element as it was. */
export async function setSpeaker(element: HTMLMediaElement, id: string): Promise<void> {
  if (!('setSinkId' in element)) return;
  try {
    await (element as unknown as WithSink).setSinkId(id);
  } catch {
    // Unplugged in between: the browser keeps playing on the default device.
  }
}
