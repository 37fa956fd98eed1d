// Rooms of one's own, and going on with a lesson on another device.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes } from '../browser.mjs';
import { screens } from '../screens.mjs';
import { patiently, useBrowser } from './fixture.mjs';

const { open } = useBrowser();

const pathOf = (page) => new URL(page.url()).pathname;

/** The list of three rooms. */
const mine = async (t, options) => {
  const opened = await open(t, options);
  await screens.raeume(opened.page, opened.site);
  return opened;
};

test('a title of any kind becomes an address, and the room can be begun', patiently, async (t) => {
  const { page } = await mine(t);
  await page.getByRole('textbox', { name: 'Titel des Raums' }).fill('6b: Flüsse & Städte');
  await becomes('the address', () => page.getByRole('textbox', { name: 'Adresse' }).inputValue(), '6b-Fluesse-Staedte');
  await page.getByRole('radio', { name: /Der Code bleibt gleich/ }).check();
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/api/rooms'));
  await page.getByRole('button', { name: 'Raum anlegen' }).click();
  assert.deepEqual((await sent).postDataJSON(), { title: '6b: Flüsse & Städte', codeStays: true, address: '6b-Fluesse-Staedte' });
  await page.getByRole('article', { name: '6b: Flüsse & Städte' }).getByText('190 528').waitFor();
  await page.getByRole('link', { name: 'Unterricht beginnen 6b: Flüsse & Städte' }).click();
  await page.getByRole('heading', { name: 'Raum 6b-Fluesse-Staedte' }).waitFor();
  assert.equal(pathOf(page), '/6b-Fluesse-Staedte');
});

test('an address that is taken is offered in a free form, and none is asked for an unguessable one', patiently, async (t) => {
  const { page, site } = await open(t);
  await screens['raeume-vergeben'](page, site);
  await page.getByRole('button', { name: 'Klasse-5a-2 nehmen' }).click();
  await page.getByText('„Klasse 5a“ ist angelegt.').first().waitFor({ state: 'attached' });
  assert.equal(site.api.rooms[0].address, 'Klasse-5a-2');
  await page.getByRole('textbox', { name: 'Titel des Raums' }).fill('Beratung');
  await page.getByRole('radio', { name: /Nicht zu erraten/ }).check();
  await page.getByRole('textbox', { name: 'Adresse' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Raum anlegen' }).click();
  await page.getByRole('article', { name: 'Beratung' }).getByText('k7f2-m9qx-tt4w-b1cz').waitFor();
});

test('the invitation is a text ready for a mail', patiently, async (t) => {
  const { page } = await mine(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('button', { name: 'Einladung kopieren: Klasse 5a – Größe & Gewicht' }).click();
  await page.getByRole('button', { name: 'Kopiert' }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /„Klasse 5a – Größe & Gewicht“\n\nLink: https:\/\/kurs\.kmz\.example\/Klasse-5a-Groesse-Gewicht\nCode für heute: 482 713\n/);
});

test('title, code and end of a room', patiently, async (t) => {
  const { page, site } = await mine(t);
  const card = (name) => page.getByRole('article', { name });
  await card('Förderkurs Mathematik').getByText('Ändern').click();
  await card('Förderkurs Mathematik').getByRole('button', { name: 'Neuer Code' }).click();
  await card('Förderkurs Mathematik').getByTestId('own-code').filter({ hasText: '660 192' }).waitFor();
  await card('Förderkurs Mathematik').getByRole('checkbox', { name: /Der Code bleibt gleich/ }).uncheck();
  await card('Förderkurs Mathematik').getByText('Code für heute').waitFor();
  await card('Förderkurs Mathematik').getByRole('textbox', { name: 'Titel des Raums' }).fill('Mathe für alle');
  await card('Förderkurs Mathematik').getByRole('button', { name: 'Titel speichern' }).click();
  await card('Mathe für alle').getByRole('button', { name: 'Raum löschen' }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(site.api.rooms.length, 3, 'Escape deletes nothing');
  await card('Mathe für alle').getByRole('button', { name: 'Raum löschen' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Raum löschen' }).click();
  await card('Mathe für alle').waitFor({ state: 'detached' });
  assert.deepEqual(site.api.rooms.map((room) => room.title).filter((title) => title === 'Mathe für alle'), []);
});

test('a box shows what was chosen before the server has answered, and goes back when it refuses', patiently, async (t) => {
  const { page, site } = await mine(t);
  let answer;
  site.api.answerLater = { promise: new Promise((resolve) => { answer = resolve; }), refuse: true };
  const card = page.getByRole('article', { name: 'Förderkurs Mathematik' });
  await card.getByText('Ändern').click();
  const box = card.getByRole('checkbox', { name: /Der Code bleibt gleich/ });
  await box.uncheck();
  assert.equal(await box.isChecked(), false);
  assert.equal(await card.getByText('Code für heute').count(), 0, 'what is read out to the class is what the server has');
  answer();
  await card.getByRole('alert').waitFor();
  await becomes('the box as the server has it', () => box.isChecked(), true);
  site.api.answerLater = undefined;
  await box.uncheck();
  await card.getByText('Code für heute').waitFor();
});

test('a login that has run out is said, and logging in again shows the rooms', patiently, async (t) => {
  const { page, site } = await mine(t);
  site.api.organiser = undefined;
  await page.getByRole('textbox', { name: 'Titel des Raums' }).fill('Chemie');
  await page.getByRole('button', { name: 'Raum anlegen' }).click();
  await page.getByRole('alert').filter({ hasText: 'Ihre Anmeldung ist abgelaufen.' }).waitFor();
  await page.reload();
  await page.getByRole('textbox', { name: 'Zugangsname' }).fill('ahorn-4827');
  await page.getByLabel('Passwort').fill('geheim');
  await page.getByRole('button', { name: 'Anmelden' }).click();
  await page.getByRole('heading', { name: 'Förderkurs Mathematik' }).waitFor();
  await page.getByRole('button', { name: 'Abmelden' }).click();
  await page.getByRole('heading', { name: 'Förderkurs Mathematik' }).waitFor({ state: 'detached' });
});

test('another device goes on with the lesson, once, and the token stays nowhere', patiently, async (t) => {
  const { page, noted, site } = await open(t);
  await page.goto(site.origin);
  await screens.weiter(page, site);
  assert.equal(new URL(page.url()).hash, '', 'the token is gone from the address');
  assert.equal(site.api.organiser, undefined, 'nobody is logged in unasked');
  await page.getByRole('button', { name: 'Hier weitermachen' }).click();
  await page.getByRole('checkbox', { name: /Als Organisator\*in öffnen/ }).waitFor();
  assert.equal(pathOf(page), '/Klasse-5a');
  assert.equal(noted.requests.filter((url) => url.includes('EXAMPLETOKEN')).filter((url) => !url.includes('#')).length, 0);
  await page.goBack();
  await becomes('the page before: the link is not in the history', () => pathOf(page), '/');
});
