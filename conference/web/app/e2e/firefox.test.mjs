// The real thing in Firefox: a pupil with Firefox in a lesson that a teacher holds in Chromium, against a running server. Needs
//   KREISRAUM_SITE=https://demo.localhost:8443 KREISRAUM_ORGANISER=… KREISRAUM_PASSWORD=… node --test e2e/firefox.test.mjs
// Without KREISRAUM_SITE it says that it was skipped. Screenshots go to testdata/screenshots.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { until } from './browser.mjs';
import { Pupil } from './firefox.mjs';
import { Watcher } from './watch.mjs';

const site = process.env.KREISRAUM_SITE;
const skip = site ? false : 'KREISRAUM_SITE is not set';
const room = `Feuerfuchs-${Date.now().toString(36)}`;
const folder = new URL('../../../../testdata/screenshots/', import.meta.url);
const teacher = 'Frau Ahorn';
const patience = 60_000;

let mia;
let organiser;

before(async () => {
  if (skip) return;
  await mkdir(folder, { recursive: true });
  organiser = await Watcher.open({
    site, room, name: teacher, organiser: process.env.KREISRAUM_ORGANISER, password: process.env.KREISRAUM_PASSWORD, camera: true, mic: true,
  });
  mia = await Pupil.arrive('Mia Beispiel', { screen: true });
});
after(async () => {
  await mia?.leave();
  await organiser?.close();
});

const shot = (name) => mia.page.screenshot({ path: new URL(`firefox-${name}.png`, folder).pathname });

/** What the teacher sees of a shared screen, drawn small; undefined while there is none. */
const sharedScreen = () =>
  organiser.page.evaluate(() => {
    const video = document.querySelector('[data-testid="screen"] video[data-showing="true"]');
    if (!video || video.videoWidth === 0) return undefined;
    const canvas = Object.assign(document.createElement('canvas'), { width: 128, height: 80 });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, 128, 80);
    return { width: video.videoWidth, height: video.videoHeight, pixels: [...context.getImageData(0, 0, 128, 80).data] };
  });

test('Firefox in a lesson', { skip, timeout: 300_000 }, async (t) => {
  const { page } = mia;
  await t.test('it joins, hears and sees, and is seen', async () => {
    await organiser.knock();
    const { code } = await organiser.inside();
    await mia.toRoom(`${site}/${room}`);
    await shot('vor-dem-raum');
    await mia.enter(code);

    await until('Firefox decodes the teacher\'s camera', async () => (await mia.received()).frames > 0, patience);
    const before = await mia.received();
    await until('the picture goes on', async () => (await mia.received()).frames > before.frames + 10, patience);
    await until('Firefox hears the teacher', async () => (await mia.received()).audio > before.audio, patience);
    const tile = await page.evaluate((name) => {
      const of = [...document.querySelectorAll('[data-testid="tile"]')].find((one) => one.textContent.includes(name));
      const video = of?.querySelector('video[data-showing="true"]');
      return { width: video?.videoWidth ?? 0, playing: video !== null && video !== undefined && !video.paused };
    }, teacher);
    assert.ok(tile.width > 100 && tile.playing, `the teacher's tile in Firefox: ${JSON.stringify(tile)}`);

    await until('the teacher sees the pupil in Firefox', () =>
      organiser.page.evaluate((name) => {
        const of = [...document.querySelectorAll('[data-testid="tile"]')].find((one) => one.textContent.includes(name));
        return (of?.querySelector('video[data-showing="true"]')?.videoWidth ?? 0) > 100;
      }, mia.name), patience);
    await shot('im-raum');
  });

  // Its window with the teacher's moving picture is on the screen that it shares.
  await t.test('its screen is seen, and moves', async () => {
    await organiser.page.locator('[data-panel="people"]').click();
    await organiser.page.getByRole('button', { name: `${mia.name} verwalten` }).click();
    await organiser.page.getByRole('button', { name: 'Zur Organisator*in machen' }).click();
    await mia.press('Bildschirm teilen');
    const first = await until('the teacher sees the shared screen', sharedScreen, patience);
    const { width, height } = mia.screen.size;
    assert.ok(first.width > 500 && Math.abs(first.width / first.height - width / height) < 0.05, `a picture of ${first.width}×${first.height}`);
    const spread = Math.max(...first.pixels) - Math.min(...first.pixels);
    assert.ok(spread > 100, `a plain area, spread ${spread}`);
    await until('the shared screen moves', async () => {
      const next = await sharedScreen();
      return next && next.pixels.some((value, i) => Math.abs(value - first.pixels[i]) > 40);
    }, patience);
    await shot('teilt');
    await mia.press('Bildschirmfreigabe beenden');
    await organiser.page.getByTestId('screen').waitFor({ state: 'detached' });
  });

  assert.deepEqual([...mia.problems, ...organiser.problems], []);
});
