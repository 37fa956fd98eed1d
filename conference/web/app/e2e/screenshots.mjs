// Takes a picture of every screen (or of those named as arguments) at three widths, light and dark, into testdata/screenshots.
import { mkdir } from 'node:fs/promises';
import { launch } from './browser.mjs';
import { openCounterpart } from './counterpart.mjs';
import { screens } from './screens.mjs';
import { serve } from './site.mjs';

const folder = new URL('../../../../testdata/screenshots/', import.meta.url);
await mkdir(folder, { recursive: true });
const wanted = process.argv.slice(2);
const site = await serve();
const browser = await launch('--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns');
const counterpart = await openCounterpart(browser);
for (const [name, show] of Object.entries(screens)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  site.api.organiser = undefined;
  const line = counterpart.line();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'de-DE', permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  try {
    await show(page, site, line);
    for (const [width, height] of [[1440, 900], [768, 1024], [360, 740]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(400);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await page.waitForTimeout(250);
        await page.screenshot({ path: new URL(`${name}-${width}-${colorScheme}.png`, folder).pathname });
      }
    }
    console.log(`${name}: done`);
  } catch (error) {
    console.log(`${name}: ${error.message.split('\n')[0]}`);
  }
  await context.close();
  await line.hangUp();
}
await browser.close();
await site.close();
