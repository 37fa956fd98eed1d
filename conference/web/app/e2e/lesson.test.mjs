// The real thing: a teacher and pupils in Chromium against a running server. Needs
//   KREISRAUM_SITE=https://demo.localhost:8443 KREISRAUM_ORGANISER=… KREISRAUM_PASSWORD=… node --test e2e/lesson.test.mjs
// Without KREISRAUM_SITE it says that it was skipped. Screenshots go to testdata/screenshots.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, until } from './browser.mjs';
import { keepConnections } from './connections.mjs';
import { tool } from './screens.mjs';

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
  // Ten pictures a second move as well as twenty-four, and cost four browsers on one machine less than half.
  browser = await launch('--allow-loopback-in-peer-connection', '--use-fake-device-for-media-stream=fps=10');
});
after(async () => {
  for (const person of people) await person.context.close().catch(() => undefined);
  await browser?.close();
});

/** A person with a browser of their own: own cookies, own storage. Keeps hold of the page's PeerConnections to read their statistics. */
async function arrive(name, device = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, locale: 'de-DE', viewport: { width: 1280, height: 800 }, permissions: ['camera', 'microphone'], ...device,
  });
  // A machine that runs a county and four browsers takes its time.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.addInitScript(keepConnections);
  await page.addInitScript(() => {
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

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true };

/** The room code as an organiser's page shows it; blanks are for reading. */
const shownCode = async ({ page }) => (await page.getByTestId('room-code').first().innerText()).replace(/\s/g, '');
const toolbar = ({ page }) => page.getByRole('toolbar', { name: 'Steuerung' });
const panel = ({ page }) => page.getByRole('complementary');
const closePanel = (person) => panel(person).getByRole('button', { name: 'Schließen' }).click();
const openTool = ({ page }, name) => tool(page, name);
const isTold = ({ page }, words) => page.getByTestId('announcer').filter({ hasText: words }).waitFor({ state: 'attached' });

/** Sets rules, each a switch and whether it shall be on. */
async function setRules(person, rules) {
  await openTool(person, 'Regeln für diesen Unterricht');
  for (const [name, on] of Object.entries(rules)) {
    const wanted = person.page.getByRole('switch', { name, checked: on });
    if ((await wanted.count()) === 0) await person.page.getByRole('switch', { name }).click();
    await wanted.waitFor();
  }
  await closePanel(person);
}

/** Opens the list of people, and below somebody's name what can be done. */
async function manage(person, name) {
  if ((await panel(person).getByRole('region', { name: 'Alle Personen' }).count()) === 0) await openTool(person, /^Personen/);
  const button = person.page.getByRole('button', { name: `${name} verwalten` });
  if ((await button.getAttribute('aria-expanded')) !== 'true') await button.click();
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

/** Now and then Chromium wants a click before a reloaded page may make a sound; the page says so. */
async function hears(person) {
  const before = await heard(person);
  const allow = person.page.getByRole('button', { name: 'Ton einschalten' });
  await until(`${person.name} hears something`, async () => {
    if ((await allow.count()) > 0) await allow.click();
    return (await heard(person)) > before + 1e-5;
  }, 60_000);
}

const measured = ({ page }) =>
  page.evaluate(() => performance.getEntriesByName('beitreten-erstes-bild').map((m) => Math.round(m.duration))[0]);

test('a lesson from the closed door to the last goodbye', { skip, timeout: 840_000 }, async (t) => {
  const teacher = await arrive('Frau Ahorn');
  const mia = await arrive('Mia Beispiel');
  const ben = await arrive('Ben Muster');
  const elif = await arrive('Elif Probe', phone);
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
    code = await shownCode(teacher);
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

  await t.test('a reload brings a pupil back without a click', async () => {
    await ben.page.reload();
    await inside(ben);
    await seesMoving(ben, teacher);
  });

  await t.test('a reload brings the teacher back as organiser, without a click, and the lesson goes on', async () => {
    await teacher.page.reload();
    await inside(teacher);
    await openTool(teacher, 'Einladung');
    assert.equal(await shownCode(teacher), code);
    await closePanel(teacher);
    for (const [on, off] of [['Kamera einschalten', 'Kamera ausschalten'], ['Mikrofon einschalten', 'Mikrofon stummschalten']]) {
      await teacher.page.getByRole('button', { name: on }).click();
      await teacher.page.getByRole('button', { name: off }).waitFor();
    }
    await seesMoving(mia, teacher);
    await openTool(teacher, /^Chat/);
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
    await closePanel(ben);
  });

  await t.test('hands stand in the order in which they went up, for all', async () => {
    await closePanel(teacher);
    await openTool(ben, 'Melden: Hand heben');
    await isTold(teacher, `${ben.name} meldet sich.`);
    await openTool(mia, 'Melden: Hand heben');
    await isTold(teacher, `${mia.name} meldet sich.`);
    await closePanel(mia);
    for (const person of [teacher, mia]) {
      await openTool(person, /^Personen/);
      const list = panel(person).getByRole('region', { name: 'Meldungen (2)' }).getByRole('listitem');
      await until('the order', async () => (await list.allInnerTexts()).map((text) => /Ben|Mia/.exec(text)?.[0]).join() === 'Ben,Mia');
    }
    await shot(teacher, 'meldungen');
    await teacher.page.getByRole('button', { name: `Hand von ${ben.name} senken` }).click();
    await isTold(ben, 'Ihre Hand ist unten.');
    await openTool(mia, 'Melden beenden: Hand senken');
    await panel(teacher).getByRole('region', { name: /Meldungen/ }).waitFor({ state: 'detached' });
    await closePanel(teacher);
    await closePanel(mia);
  });

  await t.test('a reaction is seen by all', async () => {
    await openTool(ben, 'Reaktion zeigen');
    await ben.page.getByRole('button', { name: 'Applaus' }).click();
    await teacher.page.getByTestId('reactions').getByText(ben.name).waitFor();
  });

  await t.test('microphones may be forbidden to all and allowed to one', async () => {
    await setRules(teacher, { 'Mikrofone erlauben': false });
    await mia.page.getByTestId('notice').filter({ hasText: 'Gerade spricht nur, wem die Lehrkraft es erlaubt.' }).waitFor();
    await mia.page.getByRole('button', { name: /^Mikrofon einschalten\. Das ist in diesem Unterricht gerade nicht erlaubt/ }).waitFor();
    await shot(mia, 'stumm');
    await manage(teacher, mia.name);
    await panel(teacher).getByRole('combobox', { name: 'sprechen' }).selectOption('yes');
    await isTold(mia, 'Sie dürfen Ihr Mikrofon jetzt einschalten.');
    await mia.page.getByTestId('notice').getByRole('button', { name: 'Mikrofon einschalten' }).click();
    await mia.page.getByRole('button', { name: 'Mikrofon stummschalten' }).waitFor();
    await hears(ben);
    await shot(teacher, 'verwalten');
    await panel(teacher).getByRole('button', { name: 'Stummschalten', exact: true }).click();
    await mia.page.getByTestId('notice').filter({ hasText: 'Die Lehrkraft hat Ihr Mikrofon stummgeschaltet.' }).waitFor();
    await toolbar(mia).getByRole('button', { name: 'Mikrofon einschalten', exact: true }).waitFor();
    await closePanel(teacher);
    await setRules(teacher, { 'Mikrofone erlauben': true });
  });

  await t.test('cameras for teachers only: the teacher sees, a pupil does not', async () => {
    await seesMoving(mia, ben);
    await setRules(teacher, { 'Kameras nur für Lehrkräfte': true });
    await until('Mia sees Ben no more', async () => (await picture(mia, ben.name)) === undefined);
    await seesMoving(teacher, ben);
    await seesMoving(mia, teacher);
    await setRules(teacher, { 'Kameras nur für Lehrkräfte': false });
    await seesMoving(mia, ben);
  });

  await t.test('a private message is read by one alone; without a chat nobody writes', async () => {
    await openTool(mia, /^Chat/);
    await mia.page.getByRole('combobox', { name: 'An' }).selectOption({ label: teacher.name });
    assert.equal(await mia.page.getByRole('combobox', { name: 'An' }).getByRole('option', { name: ben.name }).count(), 0, 'not to each other');
    await mia.page.getByRole('textbox', { name: 'Nachricht' }).fill('Mir ist nicht gut.');
    await mia.page.keyboard.press('Enter');
    await openTool(teacher, /^Chat/);
    await panel(teacher).getByText('Mir ist nicht gut.').waitFor();
    await panel(teacher).getByText('privat an Sie').waitFor();
    await teacher.page.getByRole('textbox', { name: 'Nachricht' }).fill('An alle: Seite 23');
    await teacher.page.keyboard.press('Enter');
    await openTool(ben, /^Chat/);
    await panel(ben).getByText('An alle: Seite 23').waitFor();
    assert.equal(await panel(ben).getByText('Mir ist nicht gut.').count(), 0);
    await closePanel(teacher);
    await setRules(teacher, { 'Chat erlauben': false });
    await panel(ben).getByText('Der Chat ist gerade ausgeschaltet.').waitFor();
    await setRules(teacher, { 'Chat erlauben': true });
    await closePanel(ben);
    await closePanel(mia);
  });

  await t.test('a locked room lets nobody new in, until it is unlocked', async () => {
    await setRules(teacher, { 'Raum abschließen': true });
    await mia.page.getByRole('button', { name: /^Personen, 3 anwesend, Raum abgeschlossen/ }).waitFor();
    await toRoom(elif, { camera: false, mic: false });
    await join(elif);
    await elif.page.getByRole('heading', { name: 'Der Raum ist abgeschlossen' }).waitFor();
    await shot(elif, 'abgeschlossen');
    await setRules(teacher, { 'Raum abschließen': false, Warteraum: true });
  });

  await t.test('the lobby lets in whom the teacher lets in, and takes back', async () => {
    await enterCode(elif, code);
    await elif.page.getByRole('heading', { name: 'Sie sind im Warteraum' }).waitFor();
    await shot(elif, 'warteraum');
    await isTold(teacher, `${elif.name} wartet im Warteraum.`);
    await teacher.page.getByTestId('lobby-banner').getByRole('button', { name: 'Ansehen' }).click();
    await shot(teacher, 'warteraum-liste');
    await teacher.page.getByRole('button', { name: `${elif.name} einlassen` }).click();
    await inside(elif);
    await shot(elif, 'telefon');
    await manage(teacher, elif.name);
    await panel(teacher).getByRole('button', { name: 'In den Warteraum' }).click();
    await elif.page.getByText('Die Lehrkraft hat Sie in den Warteraum geschickt.').waitFor();
    await teacher.page.getByRole('button', { name: `${elif.name} einlassen` }).click();
    await inside(elif);
    await closePanel(teacher);
    await setRules(teacher, { Warteraum: false });
  });

  await t.test('the role of organiser is lent and taken back', async () => {
    await manage(teacher, mia.name);
    await panel(teacher).getByRole('button', { name: 'Zur Organisator*in machen' }).click();
    await isTold(mia, 'Sie sind jetzt Organisator*in.');
    await toolbar(mia).getByRole('button', { name: 'Regeln für diesen Unterricht' }).waitFor();
    await panel(teacher).getByRole('button', { name: 'Organisator*in-Rechte zurücknehmen' }).click();
    await isTold(mia, 'Sie sind nicht mehr Organisator*in.');
    await toolbar(mia).getByRole('button', { name: 'Regeln für diesen Unterricht' }).waitFor({ state: 'detached' });
    await closePanel(teacher);
  });

  await t.test('the emergency stops everybody, and a teacher who reloads in it is where she was', async () => {
    await openTool(teacher, 'Störung: alle sofort anhalten');
    for (const person of [mia, ben, elif]) await person.page.getByTestId('held').waitFor();
    await until('Ben’s picture is gone', async () => (await picture(teacher, ben.name)) === undefined);
    await shot(teacher, 'stoerung');
    await shot(elif, 'angehalten');
    const fresh = /\d{3} \d{3}/.exec(await teacher.page.getByTestId('emergency').innerText())?.[0].replace(' ', '');
    assert.notEqual(fresh, code, 'a fresh code (one in a million it is the same)');
    await teacher.page.reload();
    await inside(teacher);
    await teacher.page.getByTestId('emergency').getByRole('button', { name: 'Liste zeigen' }).click();
    assert.equal((await teacher.page.getByTestId('emergency').innerText()).replace(/\s/g, '').includes(fresh), true, 'the code is the same');
    code = fresh;
    await teacher.page.getByRole('button', { name: `${mia.name} wieder zulassen` }).click();
    await mia.page.getByTestId('held').waitFor({ state: 'detached' });
    await isTold(mia, 'Sie können wieder mitmachen.');
    assert.equal(await ben.page.getByTestId('held').count(), 1);
  });

  await t.test('who is removed is out and stays out, under another name as well', async () => {
    await teacher.page.getByRole('region', { name: 'Störung' }).getByRole('button', { name: `${elif.name} aus dem Raum entfernen` }).click();
    await teacher.page.getByRole('dialog').getByRole('button', { name: 'Entfernen' }).click();
    await elif.page.getByRole('heading', { name: 'Sie sind nicht mehr im Raum' }).waitFor();
    await until('Elif is gone', async () => (await mia.page.getByTestId('tile').filter({ hasText: elif.name }).count()) === 0);
    await panel(teacher).getByRole('button', { name: 'Alle wieder zulassen' }).click();
    await ben.page.getByTestId('held').waitFor({ state: 'detached' });
    await teacher.page.getByTestId('emergency').waitFor({ state: 'detached' });
    await closePanel(teacher);
    await setRules(teacher, { 'Raum abschließen': false });
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

  await t.test('without an organiser the lesson pauses, and goes on when she is back', async () => {
    await teacher.page.getByRole('button', { name: 'Unterricht verlassen oder beenden' }).click();
    await teacher.page.getByRole('button', { name: 'Nur ich gehe' }).click();
    await teacher.page.getByRole('heading', { name: 'Sie haben den Raum verlassen' }).waitFor();
    await mia.page.getByTestId('pause').filter({ hasText: 'Die Lehrkraft ist gerade nicht da.' }).waitFor();
    await shot(mia, 'pause');
    await teacher.page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await teacher.page.getByRole('button', { name: 'Beitreten' }).click();
    await inside(teacher);
    await mia.page.getByTestId('pause').waitFor({ state: 'detached' });
    await isTold(mia, 'Es geht weiter.');
    await openTool(teacher, 'Einladung');
    assert.equal(await shownCode(teacher), code, 'the same lesson');
    await closePanel(teacher);
  });

  await t.test('the end for all is proven, and the room is as new: pupils wait, the old code is void', async () => {
    await teacher.page.getByRole('button', { name: 'Unterricht verlassen oder beenden' }).click();
    await teacher.page.getByRole('button', { name: 'Für alle beenden' }).click();
    await teacher.page.getByTestId('proof').filter({ hasText: /^2 Personen sind draußen, \d+ Nachrichten gelöscht, vom Server bestätigt\.$/ }).waitFor();
    await shot(teacher, 'beendet');
    await mia.page.getByRole('heading', { name: 'Der Unterricht ist zu Ende' }).waitFor();
    const saved = teacher.page.waitForEvent('download');
    await teacher.page.getByRole('button', { name: 'Anwesenheitsliste speichern' }).click();
    assert.match((await saved).suggestedFilename(), /^Anwesenheit .*\.csv$/);

    await mia.page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await mia.page.getByRole('button', { name: 'Beitreten' }).click();
    await mia.page.getByText('Der Unterricht hat noch nicht begonnen.').waitFor();
    await teacher.page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await teacher.page.getByRole('button', { name: 'Beitreten' }).click();
    await inside(teacher);
    const fresh = await shownCode(teacher);
    assert.match(fresh, /^\d{6}$/);
    assert.notEqual(fresh, code, 'a fresh code (one in a million it is the same)');
    await mia.page.getByRole('textbox', { name: 'Raumcode' }).waitFor();
    await enterCode(mia, code);
    await mia.page.getByText('Dieser Raumcode stimmt nicht.').waitFor();
    await openTool(teacher, 'Chat');
    await teacher.page.getByText('Noch keine Nachrichten.').waitFor();
    await teacher.page.getByRole('button', { name: 'Unterricht verlassen oder beenden' }).click();
    await teacher.page.getByRole('button', { name: 'Für alle beenden' }).click();
    await teacher.page.getByTestId('proof').waitFor();
  });

  await t.test('no page met an error or broke the security policy', () => {
    for (const { name, problems } of people) assert.deepEqual(problems, [], name);
  });
});
