// The real thing in Firefox: a pupil with Firefox in a lesson that a teacher holds in Chromium, against a running server. Needs
//   KREISRAUM_SITE=https://demo.localhost:8443 KREISRAUM_ORGANISER=… KREISRAUM_PASSWORD=… node --test e2e/firefox.test.mjs
// Without KREISRAUM_SITE it says that it was skipped. Screenshots go to testdata/screenshots.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { until } from './browser.mjs';
import { keepConnections } from './connections.mjs';
import { launchFirefox } from './firefox.mjs';
import { Watcher } from './watch.mjs';

const site = process.env.KREISRAUM_SITE;
const skip = site ? false : 'KREISRAUM_SITE is not set';
const room = `Feuerfuchs-${Date.now().toString(36)}`;
const folder = new URL('../../../../testdata/screenshots/', import.meta.url);
const pupil = 'Mia Beispiel';
const teacher = 'Frau Ahorn';

let firefox;
let page;
let organiser;
const problems = [];

before(async () => {
  if (skip) return;
  await mkdir(folder, { recursive: true });
  organiser = await Watcher.open({
    site, room, name: teacher, organiser: process.env.KREISRAUM_ORGANISER, password: process.env.KREISRAUM_PASSWORD, camera: true, mic: true,
  });
  firefox = await launchFirefox();
  page = await firefox.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => problems.push(error.message));
  await page.evaluateOnNewDocument(keepConnections);
});
after(async () => {
  await firefox?.close();
  await organiser?.close();
});

const shot = (name) => page.screenshot({ path: new URL(`firefox-${name}.png`, folder).pathname });

const find = (role, name) => page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`);
const press = async (name) => (await find('button', name)).click();

/** The sums of the present PeerConnection: RTCInboundRtpStreamStats of the Identifiers for WebRTC Statistics. */
const received = () =>
  page.evaluate(async () => {
    const sum = { frames: 0, audio: 0 };
    for (const report of (await globalThis.connections.at(-1).getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      if (report.kind === 'video') sum.frames += report.framesDecoded ?? 0;
      else sum.audio += report.totalAudioEnergy ?? report.packetsReceived ?? 0;
    }
    return sum;
  });

test('Firefox joins, hears and sees, and is seen', { skip, timeout: 300_000 }, async () => {
  await organiser.knock();
  const { code } = await organiser.inside();

  await page.goto(`${site}/${room}`);
  await (await find('textbox', 'Ihr Name')).type(pupil);
  await press('Kamera einschalten');
  await find('button', 'Kamera ausschalten');
  await shot('vor-dem-raum');
  await press('Beitreten');
  await (await find('textbox', 'Raumcode')).type(code);
  await press('Eintreten');
  await page.waitForSelector('[role="toolbar"]');

  await until('Firefox decodes the teacher\'s camera', async () => (await received()).frames > 0, 60_000);
  const before = await received();
  await until('the picture goes on', async () => (await received()).frames > before.frames + 10, 60_000);
  await until('Firefox hears the teacher', async () => (await received()).audio > before.audio, 60_000);
  const tile = await page.evaluate((name) => {
    const of = [...document.querySelectorAll('[data-testid="tile"]')].find((t) => t.textContent.includes(name));
    const video = of?.querySelector('video[data-showing="true"]');
    return { width: video?.videoWidth ?? 0, playing: video !== null && video !== undefined && !video.paused };
  }, teacher);
  assert.ok(tile.width > 100 && tile.playing, `the teacher's tile in Firefox: ${JSON.stringify(tile)}`);

  await until('the teacher sees the pupil in Firefox', () =>
    organiser.page.evaluate((name) => {
      const of = [...document.querySelectorAll('[data-testid="tile"]')].find((t) => t.textContent.includes(name));
      return (of?.querySelector('video[data-showing="true"]')?.videoWidth ?? 0) > 100;
    }, pupil), 60_000);
  await shot('im-raum');
  assert.deepEqual(problems, []);
});
