// What every page has to stand: axe-core finds nothing, and nothing sticks out sideways.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds, a line each. */
export async function violations(page) {
  // Half a megabyte of it: once for each document.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      // Of what passed it need not describe every element.
      resultTypes: ['violations'],
    }));
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary?.replace(/\s+/g, ' ')})`).join('; ')}`);
}

/** Waits until a change of colours and size has been drawn, transitions included. */
export const settled = (page, colorScheme) =>
  page.evaluate(async (scheme) => {
    const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
    while (!matchMedia(`(prefers-color-scheme: ${scheme})`).matches) await frame();
    for (let i = 0; i < 5; i++) await frame();
    while (document.getAnimations().some((one) => one instanceof CSSTransition)) await frame();
  }, colorScheme);

/** What sticks out of the page sideways: the page itself, or elements beyond its edge that nothing clips. */
export const sideways = (page) =>
  page.evaluate(() => {
    const out = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) out.push(`page ${scrollWidth} > ${innerWidth}`);
    for (const element of document.querySelectorAll('button, input, select, textarea, h1, h2, p, li, table')) {
      const box = element.getBoundingClientRect();
      const hidden = element.closest('.hidden') || box.width === 0 || box.bottom < 0;
      if (!hidden && (box.right > innerWidth + 1 || box.left < -1)) out.push(`${element.tagName} ${element.textContent.slice(0, 30)} ${box.left}–${box.right}`);
    }
    return out;
  });
