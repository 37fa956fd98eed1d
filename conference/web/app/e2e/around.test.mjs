// The pages around the lesson against a running county: rooms of one's own, going on with another device, network test. Needs, like
// lesson.test.mjs,
//   KREISRAUM_SITE=https://demo.localhost:8443 KREISRAUM_ORGANISER=… KREISRAUM_PASSWORD=… node --test e2e/around.test.mjs
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, until } from './browser.mjs';

const siteURL = process.env.KREISRAUM_SITE;
const skip = siteURL ? false : 'KREISRAUM_SITE is not set';
const patience = 60_000;
/** Titles of this run; the county may hold rooms of an earlier one. */
const run = Date.now().toString(36);
const title = `Klasse 5a: Flüsse & Städte ${run}`;
const address = `Klasse-5a-Fluesse-Staedte-${run}`;

const started = [];
before(async () => {
  if (skip) return;
  started.push(await launch('--allow-loopback-in-peer-connection', '--ignore-certificate-errors'));
});
after(async () => { for (const browser of started) await browser.close(); });

/** A device of its own: own cookies, own storage. Every violation of the security policy and every error is noted. */
async function device(browser = started[0]) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'de-DE', viewport: { width: 1280, height: 800 }, permissions: ['camera', 'microphone'] });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => { console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`); });
  });
  page.on('console', (message) => { if (message.text().startsWith('policy: ')) problems.push(message.text()); });
  return { page, context, problems };
}

async function logIn(page) {
  await page.goto(`${siteURL}/meine-raeume`);
  await page.getByRole('textbox', { name: 'Zugangsname' }).fill(process.env.KREISRAUM_ORGANISER ?? '');
  await page.getByLabel('Passwort').fill(process.env.KREISRAUM_PASSWORD ?? '');
  await page.getByRole('button', { name: 'Anmelden' }).click();
  await page.getByRole('heading', { name: 'Ihre Räume' }).waitFor();
}

async function create(page, name, { secret = false } = {}) {
  await page.getByRole('textbox', { name: 'Titel des Raums' }).last().fill(name);
  if (secret) await page.getByRole('radio', { name: /Nicht zu erraten/ }).check();
  await page.getByRole('button', { name: 'Raum anlegen' }).click();
}

test('a teacher’s rooms, and the lesson goes on with another device', { skip }, async () => {
  const { page, problems } = await device();
  await logIn(page);
  const card = (name) => page.getByRole('article', { name });
  await create(page, title);
  await card(title).getByText(`${siteURL}/${address}`).waitFor();
  const code = await card(title).getByTestId('own-code').textContent();
  assert.match(code, /^\d{3} \d{3}$/);

  // The same title once more: its address is taken.
  await create(page, title);
  const offer = page.getByRole('button', { name: new RegExp(`^${address}-\\S+ nehmen$`) });
  await offer.click();
  await until('two rooms of one title', async () => (await card(title).count()) === 2);

  const hidden = `Geheim ${run}`;
  await create(page, hidden, { secret: true });
  await card(hidden).getByText(/\/[a-z0-9-]{16,}$/).waitFor();
  await card(hidden).getByText('Ändern').click();
  const before = await card(hidden).getByTestId('own-code').textContent();
  await card(hidden).getByRole('button', { name: 'Neuer Code' }).click();
  await until('another code', async () => (await card(hidden).getByTestId('own-code').textContent()) !== before);
  await card(hidden).getByRole('button', { name: 'Raum löschen' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Raum löschen' }).click();
  await card(hidden).waitFor({ state: 'detached' });

  // What the list says is what the lesson asks for.
  await page.getByRole('link', { name: `Unterricht beginnen ${title}` }).last().click();
  await page.getByRole('textbox', { name: 'Ihr Name' }).fill('Frau Ahorn');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  await page.getByRole('toolbar').first().waitFor();
  const pupil = await device();
  await pupil.page.goto(`${siteURL}/${address}`);
  await pupil.page.getByRole('textbox', { name: 'Ihr Name' }).fill('Mia Beispiel');
  await pupil.page.getByRole('button', { name: 'Beitreten' }).click();
  await pupil.page.getByRole('textbox', { name: 'Raumcode' }).fill(code);
  await pupil.page.getByRole('button', { name: 'Eintreten' }).click();
  await pupil.page.getByRole('toolbar').first().waitFor();

  const { token } = await page.evaluate(async () => (await fetch('/api/handover', { method: 'POST' })).json());
  const link = `${siteURL}/weiter#${new URLSearchParams({ raum: address, token })}`;
  const tablet = await device();
  await tablet.page.goto(link);
  await tablet.page.getByRole('button', { name: 'Hier weitermachen' }).click();
  await tablet.page.getByRole('textbox', { name: 'Ihr Name' }).fill('Frau Ahorn (Tablet)');
  await tablet.page.getByRole('button', { name: 'Beitreten' }).click();
  await tablet.page.getByRole('toolbar').first().waitFor();
  const thief = await device();
  await thief.page.goto(link);
  await thief.page.getByRole('button', { name: 'Hier weitermachen' }).click();
  await thief.page.getByText('Dieser Link gilt nicht mehr.').waitFor();
  assert.deepEqual([...problems, ...pupil.problems, ...tablet.problems, ...thief.problems], []);
  for (const { context } of [pupil, tablet, thief]) await context.close();

  await page.goto(`${siteURL}/meine-raeume`);
  for (let left = await card(title).count(); left > 0; left--) {
    await card(title).first().getByText('Ändern').click();
    await card(title).first().getByRole('button', { name: 'Raum löschen' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Raum löschen' }).click();
    await until('one room less', async () => (await card(title).count()) === left - 1);
  }
});

/** Runs the network test and gives the traffic light of each step. */
async function networkTest(browser) {
  const { page, context, problems } = await device(browser);
  await page.goto(`${siteURL}/netztest`);
  await page.getByRole('button', { name: 'Test starten' }).click();
  await page.getByTestId('verdict').waitFor({ timeout: 2 * patience });
  const lights = Object.fromEntries(await page.locator('[data-step]').evaluateAll((rows) => rows.map((row) => [row.dataset.step, row.dataset.light])));
  const words = await page.getByRole('main').innerText();
  assert.deepEqual(problems, []);
  await context.close();
  return { lights, words };
}

test('the network test finds both ways to the server', { skip }, async () => {
  const { lights, words } = await networkTest();
  for (const step of ['browser', 'microphone', 'camera', 'https', 'socket', 'udp', 'tls', 'path']) assert.equal(lights[step], 'good', `${step}\n${words}`);
  for (const step of ['roundTrip', 'loss', 'upload', 'download']) assert.ok(lights[step], `${step} was measured`);
  console.log(words.split('\n').filter((line) => /^(Hin|Verlorene|Senden|Empfangen)/.test(line)).join('; '));
});

test('the network test sees that UDP is missing, and measures the way around', { skip }, async () => {
  const browser = await launch('--allow-loopback-in-peer-connection', '--ignore-certificate-errors', '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--webrtc-ip-handling-policy=disable_non_proxied_udp');
  started.push(browser);
  const { lights, words } = await networkTest(browser);
  assert.deepEqual([lights.udp, lights.tls, lights.path], ['fair', 'good', 'fair'], words);
  assert.match(words, /UDP-Port 10000 von innen nach außen freigeben/);
  for (const step of ['roundTrip', 'loss', 'upload', 'download']) assert.ok(lights[step], `${step} was measured`);
});
