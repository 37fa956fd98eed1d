/** A picture of moving noise. It is hard to compress, so the browser sends as much as the line takes, and it shows nobody. */
export interface TestPicture {
  readonly track: MediaStreamTrack;
  readonly stop: () => void;
}

const size = { width: 640, height: 360, perSecond: 24 };

export function startPicture(): TestPicture | undefined {
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  const context = canvas.getContext('2d');
  const noise = drawNoise();
  if (!context || !noise) return undefined;
  // Drawing noise anew for each picture would cost more than encoding it: the same noise is moved about.
  const draw = (): void => { context.drawImage(noise, -Math.floor(Math.random() * size.width), -Math.floor(Math.random() * size.height)); };
  draw();
  const timer = setInterval(draw, 1000 / size.perSecond);
  const track = canvas.captureStream(size.perSecond).getVideoTracks()[0];
  const stop = (): void => {
    clearInterval(timer);
    track?.stop();
  };
  if (track) return { track, stop };
  stop();
  return undefined;
}

function drawNoise(): HTMLCanvasElement | undefined {
  const canvas = document.createElement('canvas');
  canvas.width = 2 * size.width;
  canvas.height = 2 * size.height;
  const context = canvas.getContext('2d');
  if (!context) return undefined;
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | Math.floor(Math.random() * 0x1000000);
  context.putImageData(image, 0, 0);
  return canvas;
}
