import { encode } from 'uqr';
import { expect, it } from 'vitest';
import { pathOfModules } from './qrPath';

it.each([
  ['nothing dark', [[false, false]], ''],
  ['one module', [[false, true]], 'M1 0h1v1h-1z'],
  ['neighbours are joined, rows are not', [[true, true, false, true], [true, true, false, false]], 'M0 0h2v1h-2zM3 0h1v1h-1zM0 1h2v1h-2z'],
])('%s', (_, rows, path) => {
  expect(pathOfModules(rows)).toBe(path);
});

it('covers exactly the dark modules of a code', () => {
  const { data } = encode('https://klasse.example/Klasse-5a', { ecc: 'M', border: 4 });
  const drawn = data.map((row) => row.map(() => false));
  for (const [, x, y, length] of pathOfModules(data).matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    for (let i = 0; i < Number(length); i++) (drawn[Number(y)] ?? [])[Number(x) + i] = true;
  }
  expect(drawn).toEqual(data);
});
