// What leading a lesson takes: the floor for a raised hand, the waiting room, what a removal does not do; and that pupils read what is so now.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, sideways, violations } from '../accessible.mjs';
import { until } from '../browser.mjs';
import { person, self } from '../classroom.mjs';
import { focused, patiently, useBrowser } from './fixture.mjs';

const { enter } = useBrowser();

const quiet = (index, over = {}) => person(index, { camera: false, mic: false, ...over });
const led = (options) => ({ me: self({ name: 'Frau Ahorn', role: 'organiser' }), code: '482713', ...options });
const notice = (page) => page.getByTestId('notice');
const announced = (page, words) => page.getByTestId('announcer').filter({ hasText: words }).waitFor({ state: 'attached' });
const orders = (classroom, ...types) => classroom.sent.filter(({ type }) => types.includes(type));

/** What every state has to stand, on a laptop and on a phone. */
async function stands(page) {
  for (const [colorScheme, width] of [['light', 1280], ['dark', 360]]) {
    await page.setViewportSize({ width, height: 740 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page, colorScheme);
    assert.deepEqual(await violations(page), [], `axe-core, ${colorScheme}, ${width} px`);
    assert.deepEqual(await sideways(page), [], `sideways, ${width} px`);
  }
}

test('one tap gives the floor to a raised hand, another takes it back', patiently, async (t) => {
  const { page, classroom } = await enter(t, led({ settings: { microphones: false }, people: [quiet(1, { hand: 2 }), quiet(2, { hand: 1 }), quiet(3)] }));
  await page.getByRole('button', { name: /^Personen/ }).click();
  await stands(page); // and goes on in the phone's layout
  const give = page.getByRole('button', { name: 'Ben Muster sprechen lassen' });
  await give.focus();
  await page.keyboard.press('Enter');
  const back = page.getByRole('button', { name: 'Rederecht von Ben Muster zurücknehmen' });
  await back.waitFor();
  assert.deepEqual(orders(classroom, 'allow', 'lowerHand'), [
    { type: 'allow', participant: 'p0002', what: 'microphone', value: 'yes' }, { type: 'lowerHand', participant: 'p0002' },
  ]);
  await give.waitFor({ state: 'detached' });
  await announced(page, 'Ben Muster darf jetzt sprechen.');
  await until('the focus stays in the list', async () => (await focused(page)) === 'Alle Personen');
  await page.getByText('Meldungen (1)').waitFor();
  await page.getByText('Dürfen sprechen (1)').waitFor();
  await stands(page);
  // He speaks, and that is enough.
  classroom.send({ type: 'participantState', id: 'p0002', mic: true, camera: false, screen: false });
  await page.getByRole('listitem').filter({ hasText: 'Ben Muster' }).filter({ hasText: 'Mikrofon an' }).waitFor();
  await back.click();
  await back.waitFor({ state: 'detached' });
  assert.deepEqual(orders(classroom, 'allow', 'mute').slice(1), [
    { type: 'allow', participant: 'p0002', what: 'microphone', value: 'rule' }, { type: 'mute', participant: 'p0002', source: 'microphone' },
  ]);
  await announced(page, 'Rederecht von Ben Muster zurückgenommen.');
});

test('who has the floor reads so and switches the microphone on right there', patiently, async (t) => {
  const { page, classroom } = await enter(t, { settings: { microphones: false }, me: self({ hand: 1 }), people: [quiet(0)] });
  classroom.change((message) => { classroom.send(message); }, 'self', { hand: undefined, except: { microphone: true } });
  await notice(page).filter({ hasText: 'Sie dürfen jetzt sprechen.' }).waitFor();
  await announced(page, 'Sie dürfen Ihr Mikrofon jetzt einschalten.');
  await stands(page);
  await notice(page).getByRole('button', { name: 'Mikrofon einschalten' }).click();
  await until('the microphone', () => classroom.last('state')?.mic === true);
  await notice(page).waitFor({ state: 'detached' });
  classroom.change((message) => { classroom.send(message); }, 'self', { except: undefined });
  await until('it is off again', () => classroom.last('state').mic === false);
});

test('after the release nobody reads that the lesson is stopped', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [quiet(0)] }, { camera: true });
  const tell = (message) => { classroom.send(message); };
  classroom.change(tell, 'self', { held: true });
  classroom.send({ type: 'muted', source: 'camera', why: 'emergency' });
  await notice(page).filter({ hasText: 'Die Lehrkraft hat den Unterricht angehalten. Ihre Kamera ist aus.' }).waitFor();
  classroom.change(tell, 'self', { held: undefined });
  await notice(page).filter({ hasText: 'Es geht weiter, Sie können wieder mitmachen.' }).waitFor();
  assert.equal(await page.getByText('angehalten').count(), 0);
  await stands(page);
  await page.getByRole('button', { name: 'Kamera einschalten' }).click();
  await notice(page).waitFor({ state: 'detached' });
});

test('in a pause the page says one thing, and none of it when it is over', patiently, async (t) => {
  const { page, classroom } = await enter(t, { me: self(), people: [quiet(0)] });
  classroom.send({ type: 'pause', until: Date.now() + 118_000 });
  classroom.send({ type: 'participantLeft', id: 'p0000' });
  await page.getByTestId('pause').waitFor();
  await page.getByTestId('tile').waitFor({ state: 'detached' });
  assert.equal(await page.getByText('Gerade ist niemand sonst da.').count(), 0);
  classroom.send({ type: 'error', code: 'paused' });
  await notice(page).filter({ hasText: 'Das geht erst wieder, wenn die Lehrkraft zurück ist.' }).waitFor();
  await stands(page);
  classroom.send({ type: 'participantJoined', participant: quiet(0) });
  classroom.send({ type: 'pause' });
  await page.getByTestId('pause').waitFor({ state: 'detached' });
  await notice(page).waitFor({ state: 'detached' });
  classroom.send({ type: 'participantLeft', id: 'p0000' });
  await page.getByText('Gerade ist niemand sonst da.').waitFor();
});

test('the question before a removal says how one comes back, and shuts that door too', patiently, async (t) => {
  const { page, classroom } = await enter(t, led({ people: [quiet(1), quiet(2)] }));
  await page.getByRole('button', { name: /^Personen/ }).click();
  await page.getByRole('button', { name: 'Mia Beispiel verwalten' }).click();
  await page.getByRole('button', { name: 'Mia Beispiel aus dem Raum entfernen' }).click();
  const dialog = page.getByRole('dialog', { name: 'Mia Beispiel aus dem Raum entfernen?' });
  await dialog.getByText('Auf einem anderen Gerät oder in einem privaten Fenster genügt aber der Raumcode.').waitFor();
  assert.equal(await focused(page), 'Abbrechen', 'Enter again changes nothing');
  await stands(page);
  await dialog.getByRole('checkbox', { name: /Neuen Raumcode vergeben/ }).check();
  await dialog.getByRole('checkbox', { name: /Raum abschließen/ }).check();
  await dialog.getByRole('button', { name: 'Entfernen' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(orders(classroom, 'settings', 'newCode', 'remove'), [
    { type: 'settings', locked: true }, { type: 'newCode' }, { type: 'remove', participant: 'p0001' },
  ], 'the door is shut first');
  // Now that it is locked, the next question says so and offers the code alone.
  await page.getByRole('button', { name: 'Ben Muster verwalten' }).click();
  await page.getByRole('button', { name: 'Ben Muster aus dem Raum entfernen' }).click();
  const next = page.getByRole('dialog', { name: 'Ben Muster aus dem Raum entfernen?' });
  await next.getByText('Der Raum ist abgeschlossen: Auch mit einem anderen Gerät kommt niemand herein').waitFor();
  assert.equal(await next.getByRole('checkbox').count(), 1);
  await next.getByRole('button', { name: 'Entfernen' }).click();
  await until('the removal', () => classroom.count('remove') === 2);
  assert.equal(classroom.count('newCode'), 1, 'nothing that was not ticked');
});

test('whose code was not looked at stands apart, and not among all', patiently, async (t) => {
  const { page, classroom } = await enter(t, led({
    settings: { lobby: true }, people: [quiet(1)],
    lobby: [{ id: 'v1', name: 'Finn Tanne' }, { id: 'v2', name: 'Lina Esche', unchecked: true }, { id: 'v3', name: 'Paul Eiche' }],
  }));
  classroom.send({ type: 'visitor', id: 'v4', name: 'Amira Weide', unchecked: true });
  await announced(page, 'Amira Weide wartet im Warteraum. Der Code ist nicht geprüft.');
  await page.getByRole('button', { name: /^Personen/ }).click();
  const apart = page.getByRole('list', { name: 'Code nicht geprüft' });
  assert.deepEqual(await apart.locator('li > span').allTextContents(), ['Lina Esche', 'Amira Weide']);
  await page.getByText('„Alle einlassen“ gilt nicht für sie').waitFor();
  await stands(page);
  classroom.options.lobby.push({ id: 'v4', name: 'Amira Weide', unchecked: true });
  await page.getByRole('button', { name: 'Alle einlassen' }).click();
  await page.getByText('Warteraum (2)').waitFor();
  assert.deepEqual(await apart.locator('li > span').allTextContents(), ['Lina Esche', 'Amira Weide']);
  await page.getByRole('button', { name: 'Lina Esche einlassen' }).click();
  await page.getByText('Warteraum (1)').waitFor();
  assert.deepEqual(classroom.last('admit'), { type: 'admit', visitor: 'v2' });
  // The room has no code any more: there is nothing left to look at.
  classroom.send({ type: 'visitor', id: 'v4', name: 'Amira Weide' });
  await apart.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Amira Weide einlassen' }).waitFor();
});

test('reactions are drawn, whatever fonts there are', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [quiet(0), quiet(1)] });
  await page.getByRole('button', { name: 'Reaktion zeigen' }).click();
  const menu = page.getByRole('group', { name: 'Reaktionen' });
  const drawn = await menu.getByRole('button').evaluateAll((buttons) => buttons.map((button) => ({ svg: button.querySelector('svg > *') !== null, text: button.textContent })));
  assert.equal(drawn.length, 8);
  for (const { svg, text } of drawn) {
    assert.ok(svg, text);
    assert.doesNotMatch(text, /\p{Extended_Pictographic}/u, 'no emoji of a font');
  }
  await stands(page);
  classroom.send({ type: 'reaction', id: 'p0001', kind: 'clap' });
  await page.getByTestId('reactions').getByRole('listitem').filter({ hasText: 'Mia Beispiel' }).locator('svg').waitFor();
});

test('in English the lesson is stopped, by one word', patiently, async (t) => {
  const { page } = await enter(t, led({ people: [quiet(1)] }));
  await page.getByRole('button', { name: /^Personen/ }).click();
  await page.evaluate(() => { localStorage.setItem('kreisraum.language', 'en'); });
  await page.reload();
  await page.getByRole('button', { name: 'Stop everybody at once' }).click();
  await page.getByTestId('emergency').filter({ hasText: 'Lesson stopped: everybody is muted and the room is locked.' }).waitFor();
  await page.getByRole('heading', { name: 'Lesson stopped' }).waitFor();
  assert.equal(await page.getByText(/disturb/i).count(), 0);
  await stands(page);
});
