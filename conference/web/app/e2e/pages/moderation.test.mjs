// What a teacher does in the lesson and what pupils see of it: lock, remove, mute, forbid, change the code, the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, until } from '../browser.mjs';
import { person, self } from '../classroom.mjs';
import { focused, patiently, useBrowser } from './fixture.mjs';

const { enter } = useBrowser();

test('the organiser locks and unlocks, and everybody sees it', patiently, async (t) => {
  const { page, classroom } = await enter(t, { me: self({ role: 'organiser' }), code: '482713', people: [person(1, { camera: false })] });
  await page.getByRole('button', { name: 'Personen, 2 anwesend', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Regeln für diesen Unterricht' }).click();
  const lock = page.getByRole('switch', { name: 'Raum abschließen' });
  assert.equal(await lock.getAttribute('aria-checked'), 'false');
  await lock.focus();
  await page.keyboard.press('Space');
  await page.getByRole('switch', { name: 'Raum abschließen', checked: true }).waitFor();
  assert.deepEqual(classroom.last('settings'), { type: 'settings', locked: true });
  await page.getByTestId('announcer').filter({ hasText: 'Der Raum ist jetzt abgeschlossen.' }).waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Personen, 2 anwesend, Raum abgeschlossen' }).getByTestId('lock').waitFor();
  await lock.click();
  await page.getByRole('switch', { name: 'Raum abschließen', checked: false }).waitFor();
  assert.deepEqual(classroom.last('settings'), { type: 'settings', locked: false });
  await page.getByRole('button', { name: 'Personen, 2 anwesend', exact: true }).waitFor();

  const pupil = await enter(t, { people: [person(0, { camera: false })], locked: true });
  await pupil.page.getByRole('button', { name: 'Personen, 2 anwesend, Raum abgeschlossen' }).click();
  await pupil.page.getByText('Der Raum ist abgeschlossen: Es kommt niemand Neues herein.').waitFor();
  assert.equal(await pupil.page.getByRole('switch').count(), 0);
  assert.equal(await pupil.page.getByRole('button', { name: /entfernen/ }).count(), 0);
});

test('a pupil is removed only after a second thought', patiently, async (t) => {
  const quiet = { camera: false };
  const { page, classroom } = await enter(t, {
    me: self({ role: 'organiser' }), code: '482713', people: [person(0, quiet), person(1, quiet), person(2, quiet)],
  });
  await page.getByRole('button', { name: /Personen/ }).click();
  for (const name of ['Frau Ahorn', 'Alma Beispiel', 'Mia Beispiel', 'Ben Muster']) await page.getByRole('button', { name: `${name} verwalten` }).click();
  await becomes('two to be removable: no organiser, nor oneself', () => page.getByRole('button', { name: /aus dem Raum entfernen$/ }).count(), 2);
  const open = page.getByRole('button', { name: 'Mia Beispiel aus dem Raum entfernen' });
  const dialog = page.getByRole('dialog', { name: 'Mia Beispiel aus dem Raum entfernen?' });
  await open.focus();
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await becomes('the focus where Enter again changes nothing', () => focused(page), 'Abbrechen');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await open.waitFor();
  await until('the focus to be back', async () => (await focused(page)).startsWith('Mia Beispiel'));
  assert.equal(classroom.count('remove'), 0);
  await open.click();
  await dialog.getByRole('button', { name: 'Entfernen' }).click();
  await open.waitFor({ state: 'detached' });
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(classroom.last('remove'), { type: 'remove', participant: 'p0001' });
  await page.getByRole('button', { name: 'Ben Muster aus dem Raum entfernen' }).waitFor();
});

for (const [what, last] of [['thrown out', { type: 'ended', reason: 'removed' }], ['not let in again', { type: 'refused', code: 'removed' }]]) {
  test(`who is ${what} is told kindly and not sent in circles`, patiently, async (t) => {
    const { page, classroom } = await enter(t, { people: [person(0, { camera: false })] }, { camera: true });
    classroom.send(last);
    await page.getByRole('button', { name: 'Zur Startseite' }).waitFor();
    await page.getByText('War das ein Versehen?').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Wieder beitreten' }).count(), 0);
    assert.equal(classroom.count('join'), 1);
    await becomes('the way back to be forgotten', () => page.evaluate(() => JSON.stringify(sessionStorage).includes('x.y')), false);
  });
}

test('who is muted hears why, and what may not be used says so instead of doing it', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { camera: false })] });
  await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
  await until('the microphone', () => classroom.last('state')?.mic === true);
  classroom.send({ type: 'muted', source: 'microphone', why: 'organiser' });
  await page.getByTestId('notice').filter({ hasText: 'Die Lehrkraft hat Ihr Mikrofon stummgeschaltet.' }).waitFor();
  await until('the track is silent', () => classroom.last('state').mic === false);
  await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
  await page.getByTestId('notice').waitFor({ state: 'detached' });
  await until('the microphone again', () => classroom.last('state').mic === true);
  classroom.send({ type: 'settings', ...classroom.settings(), microphones: false });
  const denied = page.getByRole('button', { name: /^Mikrofon einschalten\. Das ist in diesem Unterricht gerade nicht erlaubt/ });
  await denied.waitFor();
  await until('it is off at once', () => classroom.last('state').mic === false);
  // It can be pressed although it is marked as disabled: then it says why.
  await denied.click({ force: true });
  await page.getByTestId('notice').filter({ hasText: 'Das ist in diesem Unterricht gerade nicht erlaubt.' }).waitFor();
  await denied.waitFor();
  assert.equal(classroom.last('state').mic, false);
});

test('who may not share the screen is told why', patiently, async (t) => {
  const pupil = await enter(t, { people: [person(0, { camera: false })], settings: { screens: false } });
  await pupil.page.getByRole('button', { name: 'Bildschirm teilen. Das ist in diesem Unterricht gerade nicht erlaubt.' }).waitFor();
  const teacher = await enter(t, { me: self({ role: 'organiser' }), code: '482713' });
  await teacher.page.getByRole('button', { name: 'Bildschirm teilen' }).waitFor();
});

test('the organiser changes the code', patiently, async (t) => {
  const { page, classroom } = await enter(t, { me: self({ role: 'organiser' }), code: '482713', people: [person(1, { camera: false })] });
  await page.getByRole('button', { name: 'Einladung' }).click();
  await page.getByText('Raumcode ändern').click();
  const field = page.getByRole('textbox', { name: 'Neuer Raumcode' });
  await field.fill('abc');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.getByText('Der Raumcode braucht 4 bis 32 Zeichen.').waitFor();
  assert.equal(classroom.count('setCode'), 0);
  await field.fill('Igel-17');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.getByTestId('room-code').filter({ hasText: 'Igel-17' }).waitFor();
});

for (const reason of ['account-disabled', 'replaced']) {
  test(`ended (${reason}) is explained and closes all devices`, patiently, async (t) => {
    const { page, classroom } = await enter(t, { people: [person(0, { camera: false })] }, { camera: true });
    classroom.send({ type: 'ended', reason });
    await page.getByRole('button', { name: 'Wieder beitreten' }).waitFor();
    await page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await page.getByRole('button', { name: 'Kamera einschalten' }).waitFor();
  });
}
