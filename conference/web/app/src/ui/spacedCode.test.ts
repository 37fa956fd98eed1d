import { expect, it } from 'vitest';
import { spacedCode } from './spacedCode';

it.each([['482713', '482 713'], ['123456789', '123 456 789'], ['1234', '1234'], ['Igel-17', 'Igel-17'], ['', '']])('%j is written %j', (code, spaced) => {
  expect(spacedCode(code)).toBe(spaced);
});
