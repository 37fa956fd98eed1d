// The room itself: the bar and its shortcuts, chat, camera and microphone, who is away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sideways } from '../accessible.mjs';
import { becomes, until } from '../browser.mjs';
import { person, self } from '../classroom.mjs';
import { screens } from '../screens.mjs';
import { focused, patiently, useBrowser } from './fixture.mjs';

const { open, enter } = useBrowser();

test('shortcuts work, Escape closes a panel and gives the focus back', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await screens.raum(page, site, counterpart);
  await page.keyboard.press('Alt+m');
  await page.getByRole('button', { name: 'Mikrofon stummschalten' }).waitFor();
  await page.keyboard.press('Alt+m');
  await page.getByRole('button', { name: 'Mikrofon einschalten' }).waitFor();
  await page.keyboard.press('Alt+c');
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('mmm');
  assert.equal(await page.getByRole('button', { name: 'Mikrofon einschalten' }).count(), 1, 'typing does not switch anything');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor({ state: 'detached' });
  await until('the focus to be back', async () => (await focused(page)).startsWith('Chat'));
  assert.match(await page.getByRole('button', { name: 'Mikrofon einschalten' }).getAttribute('title'), /Alt\+M/);
});

test('a short bar keeps what matters and has the rest behind one button', patiently, async (t) => {
  const { page } = await enter(t, { me: self({ role: 'organiser' }), code: '482713', people: [person(1, { camera: false })] });
  await page.setViewportSize({ width: 320, height: 640 });
  const more = page.getByRole('button', { name: 'Mehr Funktionen' });
  await more.waitFor();
  const bar = page.getByRole('toolbar', { name: 'Steuerung' });
  for (const name of ['Mikrofon einschalten', 'Kamera einschalten', /^Personen/, 'Unterricht verlassen oder beenden']) await bar.getByRole('button', { name }).waitFor();
  await more.click();
  const menu = page.getByRole('group', { name: 'Mehr Funktionen' });
  await menu.getByRole('button', { name: 'Störung: alle sofort anhalten' }).waitFor();
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  await becomes('the focus to be back', () => focused(page), 'Mehr Funktionen');
  await becomes('nothing sideways', () => sideways(page), []);
});

test('chat: text stays text, unread is counted, what others write is announced', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { camera: false })] });
  const text = '<b>fett</b> https://boese.example/';
  classroom.send({ type: 'chat', id: 'a', from: 'p0000', name: 'Frau Ahorn', text, at: 1_795_248_000_000 });
  await page.getByRole('button', { name: 'Chat, 1 ungelesen' }).click();
  await page.getByRole('complementary').getByText(text, { exact: true }).waitFor();
  assert.equal(await page.getByRole('complementary').locator('a, b').count(), 0);
  await page.getByRole('button', { name: 'Adresse öffnen: https://boese.example/' }).click();
  const leads = page.getByRole('dialog', { name: 'Diese Adresse öffnen?' });
  assert.deepEqual(await leads.getByRole('link', { name: 'Öffnen' }).evaluate((a) => [a.href, a.target, a.rel]), ['https://boese.example/', '_blank', 'noopener noreferrer']);
  await leads.getByRole('button', { name: 'Abbrechen' }).click();
  await leads.waitFor({ state: 'detached' });
  await page.getByTestId('announcer').filter({ hasText: 'Nachricht von Frau Ahorn' }).waitFor({ state: 'attached' });
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('Guten Morgen!');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').getByText('Guten Morgen!').waitFor();
  assert.deepEqual(classroom.last('chat'), { type: 'chat', text: 'Guten Morgen!' });
});

test('camera and microphone are switched without a new offer', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { camera: false })] });
  await until('the offer', () => classroom.count('offer') === 1);
  await page.getByRole('button', { name: 'Kamera einschalten' }).click();
  await until('camera on', () => classroom.last('state')?.camera === true);
  await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
  await until('microphone on', () => classroom.last('state')?.mic === true);
  // The server does not tell oneself; the list of people knows all the same.
  await page.getByRole('button', { name: /Personen/ }).click();
  await page.getByRole('listitem').filter({ hasText: 'Alma Beispiel (Sie)Mikrofon anKamera an' }).waitFor();
  await page.getByRole('button', { name: 'Kamera ausschalten' }).click();
  await until('camera off', () => classroom.last('state')?.camera === false);
  assert.equal(classroom.count('offer'), 1);
});

test('who is away is marked until they are back', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { camera: false }), person(1, { camera: false })] });
  const tile = page.getByTestId('tile').filter({ hasText: 'Mia Beispiel' });
  classroom.send({ type: 'participantAway', id: 'p0001', away: true });
  await tile.filter({ hasText: 'Verbindung unterbrochen' }).waitFor();
  await page.getByRole('button', { name: /Personen/ }).click();
  const item = page.getByRole('complementary').getByRole('listitem').filter({ hasText: 'Mia Beispiel' });
  await item.filter({ hasText: 'Verbindung unterbrochen' }).waitFor();
  classroom.send({ type: 'participantAway', id: 'p0001', away: false });
  await item.filter({ hasNotText: 'Verbindung unterbrochen' }).waitFor();
  await tile.filter({ hasNotText: 'Verbindung unterbrochen' }).waitFor();
  await becomes('nobody to be away', () => page.getByText('Verbindung unterbrochen').count(), 0);
});
