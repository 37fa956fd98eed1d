import { expect, it } from 'vitest';
import { levelOf } from './level';

const tone = (amplitude: number): Float32Array => Float32Array.from({ length: 4800 }, (_, i) => amplitude * Math.sin((2 * Math.PI * 440 * i) / 48_000));

it('is 0 in silence, 1 for a loud voice, and grows in between', () => {
  expect(levelOf(new Float32Array(1024))).toBe(0);
  expect(levelOf(new Float32Array(0))).toBe(0);
  expect(levelOf(tone(1))).toBe(1);
  // A sine of amplitude 0.1 has −23 dBFS RMS: (60 − 23.01) / 48.
  expect(levelOf(tone(0.1))).toBeCloseTo(0.77, 2);
  expect(levelOf(tone(0.01))).toBeLessThan(levelOf(tone(0.1)));
});
