import { expect, it } from 'vitest';
import { piecesOf } from './links';

const links = (message: string): readonly string[] => piecesOf(message).filter((p) => p.kind === 'link').map((p) => p.text);

it.each([
  ['nichts', []],
  ['Seite https://heft.example/seite-23 lesen', ['https://heft.example/seite-23']],
  ['Siehe https://heft.example/.', ['https://heft.example/']],
  ['(https://heft.example/a)', ['https://heft.example/a']],
  ['https://lexikon.example/Kreis_(Figur)', ['https://lexikon.example/Kreis_(Figur)']],
  ['„https://heft.example“', ['https://heft.example']],
  ['http://a.example https://b.example', ['http://a.example', 'https://b.example']],
  ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
  ['https://', []],
  ['http://?', []],
  ['https://bekannt.example@anders.example/', []],
  ['https://:x@anders.example/', []],
  ['https://heft.example/\u202Egnp.exe', ['https://heft.example/']],
  ['HTTPS://HEFT.EXAMPLE', ['HTTPS://HEFT.EXAMPLE']],
])('%s', (message, found) => {
  expect(links(message)).toEqual(found);
  expect(piecesOf(message).map((p) => p.text).join('')).toBe(message);
});
