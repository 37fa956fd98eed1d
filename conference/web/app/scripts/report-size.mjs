// Prints what a first visit loads, gzip-compressed, and fails above the budget. There is one entry, so everything in assets counts.
import { readFile, readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const budget = 110 * 1024;
const assets = new URL('../dist/assets/', import.meta.url);
let total = 0;
for (const name of await readdir(assets)) {
  if (!/\.(js|css)$/.test(name)) continue;
  const size = gzipSync(await readFile(new URL(name, assets)), { level: 9 }).length;
  total += size;
  console.log(`${name}  ${(size / 1024).toFixed(1)} kB gzip`);
}
console.log(`first load (JS and CSS): ${(total / 1024).toFixed(1)} kB gzip of ${budget / 1024} kB allowed`);
if (total > budget) {
  console.error('The first load is above its budget. See what was added, or load it later with import().');
  process.exit(1);
}
