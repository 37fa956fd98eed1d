// The fixed pages of a running county (help, data protection, …): accessible, whole on a small screen, in both languages. Needs
//   KREISRAUM_SITE=https://demo.localhost:8443 node --test e2e/texts.test.mjs
// Without KREISRAUM_SITE it says that it was skipped. Screenshots go to testdata/screenshots.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { settled, sideways, violations } from './accessible.mjs';
import { launch } from './browser.mjs';

const site = process.env.KREISRAUM_SITE;
const skip = site ? false : 'KREISRAUM_SITE is not set';
const folder = new URL('../../../../testdata/screenshots/', import.meta.url);
const paths = [
  '/hilfe', '/hilfe/lehrkraefte', '/hilfe/kinder', '/hilfe/eltern', '/hilfe/netz', '/datenschutz', '/nutzung', '/impressum', '/barrierefreiheit', '/kontakt',
];

let browser;

before(async () => {
  if (skip) return;
  await mkdir(folder, { recursive: true });
  browser = await launch();
});
after(async () => { await browser?.close(); });

test('the fixed pages', { skip, timeout: 300_000 }, async (t) => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'de-DE', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const problems = [];
  const requests = [];
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  page.on('request', (request) => requests.push(request.url()));
  for (const path of paths) {
    await t.test(path, async () => {
      for (const lang of ['de', 'en']) {
        await page.goto(`${site}${path}?lang=${lang}`);
        assert.equal(await page.getAttribute('html', 'lang'), lang);
        assert.equal(await page.locator('h1').count(), 1, 'one main heading');
        for (const [colorScheme, width] of [['light', 1280], ['dark', 320]]) {
          await page.setViewportSize({ width, height: 740 });
          await page.emulateMedia({ colorScheme });
          await settled(page, colorScheme);
          assert.deepEqual(await violations(page), [], `axe-core, ${lang}, ${colorScheme}, ${width} px`);
          assert.deepEqual(await sideways(page), [], `sideways, ${lang}, ${width} px`);
          if (lang === 'de') await page.screenshot({ path: new URL(`text${path.replaceAll('/', '-')}-${width}.png`, folder).pathname, fullPage: true });
        }
      }
    });
  }
  await t.test('every link leads somewhere', async () => {
    for (const path of paths) {
      await page.goto(`${site}${path}`);
      const links = await page.$$eval('a[href]', (all) => all.map((a) => a.href));
      for (const link of new Set(links.filter((url) => url.startsWith(site)))) {
        assert.equal(await page.evaluate(async (url) => (await fetch(url)).status, link), 200, `${path} leads to ${link}`);
      }
    }
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(requests.filter((url) => !url.startsWith(site)), [], 'requests to other hosts');
  await context.close();
});
