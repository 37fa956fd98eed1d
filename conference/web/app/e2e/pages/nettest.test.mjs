// The network test, and its sheet as text, as PDF and on paper.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { becomes, until } from '../browser.mjs';
import { answerNetworkTest } from '../pagescreens.mjs';
import { everShown, patiently, useBrowser } from './fixture.mjs';

const { open } = useBrowser();

test('devices, the line and the sheet as text, as PDF and on paper', patiently, async (t) => {
  const { page, noted, site, counterpart } = await open(t, { permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'], acceptDownloads: true });
  await answerNetworkTest(page, counterpart);
  await page.goto(`${site.origin}/netztest`);
  const asked = await everShown(page, 'Bitte sagen Sie kurz etwas.');
  await page.getByRole('button', { name: 'Test starten' }).click();
  await page.getByTestId('verdict').waitFor({ timeout: 90_000 });
  assert.equal(await asked(), true, 'somebody is asked to speak');
  const row = async (step) => page.locator(`[data-step="${step}"]`).getAttribute('data-light');
  for (const step of ['browser', 'microphone', 'camera', 'https', 'socket', 'udp', 'path']) assert.equal(await row(step), 'good', step);
  assert.equal(await row('tls'), 'fair', 'there is no relay here');
  for (const step of ['upload', 'download', 'loss', 'roundTrip']) assert.ok(await row(step), `${step} was measured`);
  await becomes('no connection to stay', () => page.evaluate(() => globalThis.connections.filter((c) => c.connectionState !== 'closed').length), 0);

  await page.getByRole('button', { name: 'Als Text kopieren' }).click();
  await page.getByRole('button', { name: 'Kopiert' }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /^Netztest für das Videoklassenzimmer\nKreismedienzentrum Musterkreis/);
  assert.match(text, /Servername: localhost\n/);

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Als PDF speichern' }).click()]);
  assert.equal(download.suggestedFilename(), 'netztest.pdf');
  const pdf = await readFile(await download.path(), 'latin1');
  assert.match(pdf, /^%PDF-1\.7\n/);
  assert.match(pdf, new RegExp(Buffer.from('Servername: localhost', 'latin1').toString('hex')));

  await page.emulateMedia({ media: 'print' });
  await becomes('nothing to press on paper', () => page.getByRole('button').count(), 0);
  await becomes('no footer on paper', () => page.getByRole('contentinfo').count(), 0);
  await page.getByText('Servername: localhost').waitFor();
  assert.deepEqual(noted.problems, []);
});

test('a server that has no place for it says so', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await answerNetworkTest(page, counterpart, { over: true });
  await page.goto(`${site.origin}/netztest`);
  await page.getByRole('checkbox', { name: /Auch Mikrofon und Kamera/ }).uncheck();
  await page.getByRole('button', { name: 'Test starten' }).click();
  await page.getByText('Gerade testen schon viele.').waitFor();
});

test('leaving the page ends the test', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await answerNetworkTest(page, counterpart);
  await page.goto(`${site.origin}/netztest`);
  await page.getByRole('checkbox', { name: /Auch Mikrofon und Kamera/ }).uncheck();
  await page.getByRole('button', { name: 'Test starten' }).click();
  await until('a connection', () => page.evaluate(() => globalThis.connections.some((c) => c.connectionState === 'connected')));
  await page.getByRole('link', { name: /Zur Startseite/ }).click();
  await page.getByRole('heading', { name: 'Willkommen im Videoklassenzimmer' }).waitFor();
  await until('no connection', () => page.evaluate(() => (globalThis.connections ?? []).every((c) => c.connectionState === 'closed')));
});
