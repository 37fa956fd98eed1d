/** Milliseconds by which a frame may be older than the tile: the frame can overtake the message that says whose it is. */
const tolerance = 250;

/**
 * Calls `shown` once with the first fresh frame of a remote stream (HTMLVideoElement.requestVideoFrameCallback; receiveTime says when its
 * last packet came). Browsers without it count any frame. Returns a function that stops watching.
 */
export function watchFrames(element: HTMLVideoElement, shown: () => void): () => void {
  if (!('requestVideoFrameCallback' in element)) {
    const old = element as HTMLVideoElement;
    old.addEventListener('loadeddata', shown, { once: true });
    return () => { old.removeEventListener('loadeddata', shown); };
  }
  const since = performance.now() - tolerance;
  let handle = element.requestVideoFrameCallback(function check(_now, frame) {
    if (frame.receiveTime === undefined || frame.receiveTime >= since) shown();
    else handle = element.requestVideoFrameCallback(check);
  });
  return () => { element.cancelVideoFrameCallback(handle); };
}
