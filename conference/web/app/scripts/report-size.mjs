// Prints what a first visit to the start page or to a room loads, gzip-compressed, and fails above the budget: what index.html names and what
// that imports statically. Parts that come with import() are listed apart.
import { readFile, readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const budget = 130 * 1024;
const dist = new URL('../dist/', import.meta.url);
const assets = new URL('assets/', dist);

const read = (name) => readFile(new URL(name, assets));
const sizeOf = async (name) => gzipSync(await read(name), { level: 9 }).length;
const kB = (bytes) => `${(bytes / 1024).toFixed(1)} kB gzip`;

/** The files that a script imports statically: `import … from "./x.js"` and `import "./x.js"`, but not `import("./x.js")`. */
async function imported(name) {
  if (!name.endsWith('.js')) return [];
  const text = (await read(name)).toString();
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([\w.-]+\.js)["']/g)].map(([, file]) => file);
}

const html = await readFile(new URL('index.html', dist), 'utf8');
const waiting = [...html.matchAll(/(?:src|href)="\/assets\/([\w.-]+\.(?:js|css))"/g)].map(([, name]) => name);
if (waiting.length === 0) throw new Error('index.html names no script: was the page built?');
const first = new Set();
while (waiting.length > 0) {
  const name = waiting.pop();
  if (first.has(name)) continue;
  first.add(name);
  waiting.push(...(await imported(name)));
}

let total = 0;
for (const name of first) {
  const size = await sizeOf(name);
  total += size;
  console.log(`first  ${name}  ${kB(size)}`);
}
for (const name of await readdir(assets)) {
  if (/\.(js|css)$/.test(name) && !first.has(name)) console.log(`later  ${name}  ${kB(await sizeOf(name))}`);
}
console.log(`first load (JS and CSS): ${kB(total)} of ${budget / 1024} kB allowed`);
if (total > budget) {
  console.error('The first load is above its budget. See what was added, or load it later with import().');
  process.exit(1);
}
