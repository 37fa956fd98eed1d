import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AudioOutput } from './audioOutput';

/** What the browser says to sound. */
let allowed = false;
let page: EventTarget;
const played: FakeAudio[] = [];

class FakeAudio {
  autoplay = false;
  srcObject: unknown = null;
  playing = false;

  play(): Promise<void> {
    if (!allowed) return Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
    this.playing = true;
    played.push(this);
    return Promise.resolve();
  }

  pause(): void {
    this.playing = false;
  }
}

beforeEach(() => {
  allowed = false;
  page = new EventTarget();
  played.length = 0;
  vi.stubGlobal('Audio', FakeAudio);
  vi.stubGlobal('window', page);
});
afterEach(() => { vi.unstubAllGlobals(); });

const stream = {} as MediaStream;

test.each(['click', 'keydown'])('refused sound starts with the next %s anywhere, and is tried no more after that', async (gesture) => {
  const said: boolean[] = [];
  const output = new AudioOutput(2, (blocked) => { said.push(blocked); });
  output.attach([stream]);
  await vi.waitFor(() => { expect(said).toEqual([true]); });
  allowed = true;
  page.dispatchEvent(new Event(gesture));
  await vi.waitFor(() => { expect(played).toHaveLength(1); });
  expect(said).toEqual([true, false]);
  page.dispatchEvent(new Event(gesture));
  expect(said, 'a later gesture changes nothing').toEqual([true, false]);
});

test('what is refused again waits for another gesture', async () => {
  const said: boolean[] = [];
  const output = new AudioOutput(1, (blocked) => { said.push(blocked); });
  output.attach([stream]);
  await vi.waitFor(() => { expect(said).toEqual([true]); });
  page.dispatchEvent(new Event('keydown'));
  await vi.waitFor(() => { expect(said).toEqual([true, false, true]); });
  allowed = true;
  page.dispatchEvent(new Event('click'));
  await vi.waitFor(() => { expect(played).toHaveLength(1); });
});

test('after the end no gesture plays anything', async () => {
  const said: boolean[] = [];
  const output = new AudioOutput(1, (blocked) => { said.push(blocked); });
  output.attach([stream]);
  await vi.waitFor(() => { expect(said).toEqual([true]); });
  output.close();
  allowed = true;
  page.dispatchEvent(new Event('click'));
  expect(said).toEqual([true]);
});

test('sound that is allowed waits for nobody', async () => {
  allowed = true;
  const said: boolean[] = [];
  new AudioOutput(1, (blocked) => { said.push(blocked); }).attach([stream]);
  await vi.waitFor(() => { expect(played).toHaveLength(1); });
  expect(said).toEqual([]);
});
