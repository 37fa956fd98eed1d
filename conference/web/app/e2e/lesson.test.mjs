// The real thing: a teacher and pupils in Chromium against a running server. Needs
//   KREISRAUM_SITE=https://demo.localhost:8443 KREISRAUM_ORGANISER=… KREISRAUM_PASSWORD=… node --test e2e/lesson.test.mjs
// Without KREISRAUM_SITE it says that it was skipped. Screenshots go to testdata/screenshots.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, until } from './browser.mjs';

const siteURL = process.env.KREISRAUM_SITE;
const organiser = process.env.KREISRAUM_ORGANISER ?? '';
const password = process.env.KREISRAUM_PASSWORD ?? '';
const skip = siteURL ? false : 'KREISRAUM_SITE is not set';
const room = `Lektion-${Date.now().toString(36)}`;
const folder = new URL('../../../../testdata/screenshots/', import.meta.url);

let browser;
const people = [];

before(async () => {
  if (skip) return;
  await mkdir(folder, { recursive: true });
  browser = await launch('--allow-loopback-in-peer-connection');
});
after(async () => {
  for (const person of people) await person.context.close().catch(() => undefined);
  await browser?.close();
});

/** A person with a browser of their own: own cookies, own storage. Keeps hold of the page's PeerConnections to read their statistics. */
async function arrive(name) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, locale: 'de-DE', viewport: { width: 1280, height: 800 }, permissions: ['camera', 'microphone'],
  });
  // A machine that runs a county and four browsers takes its time.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.addInitScript(() => {
    const Real = globalThis.RTCPeerConnection;
    globalThis.connections = [];
    globalThis.RTCPeerConnection = class extends Real {
      constructor(...args) {
        super(...args);
        globalThis.connections.push(this);
      }
    };
    const RealSocket = globalThis.WebSocket;
    globalThis.sockets = [];
    globalThis.WebSocket = class extends RealSocket {
      constructor(...args) {
        super(...args);
        globalThis.sockets.push(this);
      }
    };
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => { console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`); });
  });
  page.on('console', (message) => { if (message.text().startsWith('policy: ')) problems.push(message.text()); });
  const person = { name, context, page, problems };
  people.push(person);
  return person;
}

async function toRoom({ page, name }, { camera, mic }) {
  await page.goto(`${siteURL}/${room}`);
  await page.getByRole('textbox', { name: 'Ihr Name' }).fill(name);
  if (camera) await page.getByRole('button', { name: 'Kamera einschalten' }).click();
  if (mic) await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
  if (camera) await page.getByRole('button', { name: 'Kamera ausschalten' }).waitFor();
  if (mic) await page.getByRole('button', { name: 'Mikrofon stummschalten' }).waitFor();
}

const join = ({ page }) => page.getByRole('button', { name: 'Beitreten' }).click();
const inside = ({ page }) => page.getByRole('toolbar', { name: 'Steuerung' }).waitFor({ timeout: 60_000 });
const shot = ({ page }, name) => page.screenshot({ path: new URL(`lektion-${name}.png`, folder).pathname });

async function enterCode({ page }, code) {
  await page.getByRole('textbox', { name: 'Raumcode' }).fill(code);
  await page.getByRole('button', { name: 'Eintreten' }).click();
}

/** Draws the picture in somebody's tile; undefined while there is none. */
const picture = ({ page }, of) =>
  page.evaluate((name) => {
    const tile = [...document.querySelectorAll('[data-testid="tile"]')].find((t) => t.textContent.includes(name));
    const video = tile?.querySelector('video[data-showing="true"]');
    if (!video || video.videoWidth === 0) return undefined;
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, 64, 36);
    return { width: video.videoWidth, height: video.videoHeight, pixels: [...context.getImageData(0, 0, 64, 36).data] };
  }, of);

/** Somebody's picture is there, is no plain area, and changes. */
async function seesMoving(viewer, of) {
  const first = await until(`${viewer.name} sees ${of.name}`, () => picture(viewer, of.name), 60_000);
  const spread = Math.max(...first.pixels) - Math.min(...first.pixels);
  assert.ok(spread > 0 && first.width > 100, `a picture of ${first.width}×${first.height}, spread ${spread}`);
  await until(`${viewer.name} sees ${of.name} move`, async () => {
    const next = await picture(viewer, of.name);
    return next && next.pixels.some((value, i) => Math.abs(value - first.pixels[i]) > 40);
  }, 60_000);
}

/** Sum of what was heard on all receive slots: "totalAudioEnergy" of the Identifiers for WebRTC Statistics. */
const heard = ({ page }) =>
  page.evaluate(async () => {
    const connection = globalThis.connections.at(-1);
    let energy = 0;
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'audio') energy += report.totalAudioEnergy ?? 0;
    }
    return energy;
  });

async function hears(person) {
  const before = await heard(person);
  await until(`${person.name} hears something`, async () => (await heard(person)) > before + 1e-5, 60_000);
}

const measured = ({ page }) =>
  page.evaluate(() => performance.getEntriesByName('beitreten-erstes-bild').map((m) => Math.round(m.duration))[0]);

test('a lesson from the closed door to the last goodbye', { skip, timeout: 480_000 }, async (t) => {
  const teacher = await arrive('Frau Ahorn');
  const mia = await arrive('Mia Beispiel');
  const ben = await arrive('Ben Muster');
  const elif = await arrive('Elif Probe');
  let code = '';

  await t.test('a pupil waits before the teacher is there', async () => {
    await toRoom(mia, { camera: true, mic: true });
    await join(mia);
    await mia.page.getByText('Der Unterricht hat noch nicht begonnen.').waitFor();
    await shot(mia, 'warten');
  });

  await t.test('the teacher logs in and opens the room', async () => {
    const { page } = teacher;
    await page.goto(siteURL);
    await page.getByRole('textbox', { name: 'Zugangsname' }).fill(organiser);
    await page.getByLabel('Passwort').fill(password);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText(`Angemeldet als ${organiser}`).waitFor();
    await toRoom(teacher, { camera: true, mic: true });
    await shot(teacher, 'geraete');
    assert.equal(await page.getByRole('checkbox', { name: /Als Organisator\*in öffnen/ }).isChecked(), true);
    await join(teacher);
    await inside(teacher);
    code = (await page.getByTestId('room-code').first().innerText()).trim();
    assert.match(code, /^\d{6}$/);
    await shot(teacher, 'allein');
  });

  await t.test('a wrong code is refused, the right one opens', async () => {
    await mia.page.getByRole('textbox', { name: 'Raumcode' }).waitFor();
    await enterCode(mia, code === '000000' ? '111111' : '000000');
    await mia.page.getByText('Dieser Raumcode stimmt nicht.').waitFor();
    await shot(mia, 'code-falsch');
    await mia.page.getByRole('button', { name: 'Eintreten' }).waitFor({ timeout: 60_000 });
    await enterCode(mia, code);
    await inside(mia);
  });

  await t.test('both see and hear each other', async () => {
    await seesMoving(teacher, mia);
    await seesMoving(mia, teacher);
    await hears(teacher);
    await hears(mia);
  });

  await t.test('a second pupil comes and sees a picture within two seconds', async () => {
    await toRoom(ben, { camera: true, mic: false });
    await join(ben);
    await enterCode(ben, code);
    await inside(ben);
    await seesMoving(ben, teacher);
    await seesMoving(ben, mia);
    await seesMoving(teacher, ben);
    await hears(ben);
    const duration = await measured(ben);
    console.log(`Beitreten to first picture: ${duration} ms (goal: below 2000 ms)`);
    assert.ok(duration > 0, 'the time to the first picture was measured');
    if (duration >= 2000) t.diagnostic(`first picture after ${duration} ms, above the goal of 2000 ms`);
    await shot(teacher, 'raum');
  });

  await t.test('chat goes both ways', async () => {
    for (const person of [teacher, mia]) await person.page.getByRole('button', { name: /^Chat/ }).click();
    for (const [from, to, text] of [[teacher, mia, 'Guten Morgen, Klasse!'], [mia, teacher, 'Guten Morgen, Frau Ahorn! <3']]) {
      await from.page.getByRole('textbox', { name: 'Nachricht' }).fill(text);
      await from.page.keyboard.press('Enter');
      await to.page.getByRole('complementary').getByText(text).waitFor();
    }
    await ben.page.getByRole('button', { name: 'Chat, 2 ungelesen' }).waitFor();
    await shot(mia, 'chat');
  });

  await t.test('a camera switched off and on again is seen by the others', async () => {
    await mia.page.getByRole('button', { name: 'Kamera ausschalten' }).click();
    await until('the picture is gone', async () => (await picture(teacher, mia.name)) === undefined);
    await mia.page.getByRole('button', { name: 'Kamera einschalten' }).click();
    await seesMoving(teacher, mia);
  });

  await t.test('a failed media path is replaced on the same socket', async () => {
    const before = await ben.page.evaluate(() => {
      const { length } = globalThis.connections;
      const connection = globalThis.connections.at(-1);
      // What the browser reports when nothing comes through any more.
      Object.defineProperty(connection, 'connectionState', { get: () => 'failed' });
      connection.dispatchEvent(new Event('connectionstatechange'));
      return { connections: length, sockets: globalThis.sockets.length };
    });
    await until('a new PeerConnection', () => ben.page.evaluate((old) => globalThis.connections.length > old, before.connections), 60_000);
    await seesMoving(ben, teacher);
    assert.equal(await ben.page.evaluate(() => globalThis.sockets.length), before.sockets, 'the socket stays');
  });

  await t.test('the teacher’s screen is seen by the pupils, large and first', async () => {
    await teacher.page.getByRole('button', { name: 'Bildschirm teilen' }).click();
    await until('Mia sees the screen', () => mia.page.locator('[data-testid="screen"] video[data-showing="true"]').count(), 60_000);
    const { width } = await mia.page.getByTestId('screen').boundingBox();
    assert.ok(width > 500, `the screen is ${width} px wide`);
    await shot(mia, 'bildschirm');
    await teacher.page.getByRole('button', { name: 'Bildschirmfreigabe beenden' }).click();
    await mia.page.getByTestId('screen').waitFor({ state: 'detached' });
  });

  await t.test('a reload brings a pupil back without the code', async () => {
    await ben.page.reload();
    await join(ben);
    await inside(ben);
    await seesMoving(ben, teacher);
  });

  await t.test('a lost line heals by itself, and the picture stays', async () => {
    await ben.page.getByRole('button', { name: 'Kamera einschalten' }).click();
    await seesMoving(teacher, ben);
    const before = await ben.page.evaluate(() => {
      const { length } = globalThis.sockets;
      globalThis.kept = document.querySelector('video[data-showing="true"]');
      // A code of the page's own says neither goodbye nor that the page is closed: the server takes it for a break.
      globalThis.sockets.at(-1).close(4000);
      return { sockets: length, connections: globalThis.connections.length };
    });
    await until('a new socket', () => ben.page.evaluate((old) => globalThis.sockets.length > old, before.sockets), 60_000);
    // What is said on the new socket arrives, hence the page is inside again.
    await teacher.page.getByRole('textbox', { name: 'Nachricht' }).fill('Ist Ben wieder da?');
    await teacher.page.keyboard.press('Enter');
    await ben.page.getByRole('button', { name: /^Chat, \d+ ungelesen/ }).click();
    await ben.page.getByRole('complementary').getByText('Ist Ben wieder da?').waitFor();
    await seesMoving(ben, teacher);
    await seesMoving(teacher, ben);
    await hears(ben);
    const after = await ben.page.evaluate(() => ({ connections: globalThis.connections.length, kept: globalThis.kept.isConnected }));
    assert.deepEqual(after, { connections: before.connections, kept: true }, 'the same PeerConnection and the same picture');
  });

  await t.test('a locked room lets nobody new in, until it is unlocked', async () => {
    await teacher.page.getByRole('button', { name: /^Personen/ }).click();
    await teacher.page.getByRole('switch', { name: 'Raum abschließen', checked: false }).click();
    await teacher.page.getByRole('switch', { name: 'Raum abschließen', checked: true }).waitFor();
    await mia.page.getByRole('button', { name: /^Personen, 3 anwesend, Raum abgeschlossen/ }).waitFor();
    await toRoom(elif, { camera: false, mic: false });
    await join(elif);
    await elif.page.getByRole('heading', { name: 'Der Raum ist abgeschlossen' }).waitFor();
    await shot(elif, 'abgeschlossen');
    await teacher.page.getByRole('switch', { name: 'Raum abschließen', checked: true }).click();
    await enterCode(elif, code);
    await inside(elif);
    await shot(teacher, 'personen');
  });

  await t.test('who is removed is out and stays out, under another name as well', async () => {
    await teacher.page.getByRole('button', { name: `${elif.name} aus dem Raum entfernen` }).click();
    await teacher.page.getByRole('dialog').getByRole('button', { name: 'Entfernen' }).click();
    await elif.page.getByRole('heading', { name: 'Sie sind nicht mehr im Raum' }).waitFor();
    await until('Elif is gone', async () => (await mia.page.getByTestId('tile').filter({ hasText: elif.name }).count()) === 0);
    await toRoom({ ...elif, name: 'Jemand anderes' }, { camera: false, mic: false });
    await join(elif);
    await elif.page.getByRole('textbox', { name: 'Raumcode' }).or(elif.page.getByRole('heading', { name: 'Hier geht es gerade nicht weiter' })).first().waitFor();
    if ((await elif.page.getByRole('textbox', { name: 'Raumcode' }).count()) > 0) await enterCode(elif, code);
    await elif.page.getByRole('heading', { name: 'Hier geht es gerade nicht weiter' }).waitFor();
    await shot(elif, 'entfernt');
  });

  await t.test('who leaves is gone for the others', async () => {
    await ben.page.getByRole('button', { name: 'Raum verlassen' }).click();
    await ben.page.getByRole('heading', { name: 'Sie haben den Raum verlassen' }).waitFor();
    await until('Ben is gone', async () => (await teacher.page.getByTestId('tile').filter({ hasText: ben.name }).count()) === 0);
  });

  await t.test('after the last has left, the room is as new: pupils wait, the old code is void', async () => {
    for (const person of [mia, teacher]) {
      await person.page.getByRole('button', { name: 'Raum verlassen' }).click();
      await person.page.getByRole('heading', { name: 'Sie haben den Raum verlassen' }).waitFor();
    }
    await mia.page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await mia.page.getByRole('button', { name: 'Beitreten' }).click();
    await mia.page.getByText('Der Unterricht hat noch nicht begonnen.').waitFor();

    await teacher.page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await teacher.page.getByRole('button', { name: 'Beitreten' }).click();
    await inside(teacher);
    const fresh = (await teacher.page.getByTestId('room-code').first().innerText()).trim();
    assert.match(fresh, /^\d{6}$/);
    assert.notEqual(fresh, code, 'a fresh code (one in a million it is the same)');
    await mia.page.getByRole('textbox', { name: 'Raumcode' }).waitFor();
    await enterCode(mia, code);
    await mia.page.getByText('Dieser Raumcode stimmt nicht.').waitFor();
    await teacher.page.getByRole('button', { name: 'Chat' }).click();
    await teacher.page.getByText('Noch keine Nachrichten.').waitFor();
    await teacher.page.getByRole('button', { name: 'Raum verlassen' }).click();
  });

  await t.test('no page met an error or broke the security policy', () => {
    for (const { name, problems } of people) assert.deepEqual(problems, [], name);
  });
});
