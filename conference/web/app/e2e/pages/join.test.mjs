// Joining and the door: no device unasked, what the page offers and asks for, code, queue, lock, a page that is out of date.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, until } from '../browser.mjs';
import { Classroom, person } from '../classroom.mjs';
import { join, screens } from '../screens.mjs';
import { patiently, showing, useBrowser } from './fixture.mjs';

const { open, enter } = useBrowser();

test('no device is opened unasked, and the name stays in the tab', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await page.addInitScript(() => {
    globalThis.asked = 0;
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (constraints) => { globalThis.asked += 1; return real(constraints); };
  });
  const classroom = new Classroom({ counterpart, people: [person(0, { camera: false })] });
  await classroom.attach(page);
  await join(page, site.origin);
  await page.getByRole('toolbar').waitFor();
  assert.equal(await page.evaluate(() => globalThis.asked), 0);
  const { device, ...rest } = classroom.last('join');
  assert.deepEqual(rest, { type: 'join', name: 'Alma Beispiel', role: 'participant' });
  assert.match(device, /^[A-Za-z0-9_-]{16,64}$/);
  await until('the state', () => classroom.last('state'));
  assert.deepEqual(classroom.last('state'), { type: 'state', mic: false, camera: false, screen: false });
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('Alma')), false);
  await page.getByRole('button', { name: 'Raum verlassen' }).click();
  await until('leave', () => classroom.count('leave') === 1);
});

test('joining stays possible without camera and microphone', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await new Classroom({ counterpart }).attach(page);
  await screens['geraete-verweigert'](page, site);
  await page.getByRole('textbox', { name: 'Ihr Name' }).fill('Alma Beispiel');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  await page.getByRole('toolbar').waitFor();
});

for (const [error, words] of [['NotFoundError', 'Es wurde kein Gerät gefunden.'], ['NotReadableError', 'von einem anderen Programm benutzt']]) {
  test(`${error} is explained in words`, patiently, async (t) => {
    const { page, site } = await open(t);
    await page.addInitScript((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name));
    }, error);
    await page.goto(`${site.origin}/Klasse-5a`);
    await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
    await page.getByRole('alert').filter({ hasText: words }).waitFor();
  });
}

test('the offer has the agreed shape and is small', patiently, async (t) => {
  const { classroom } = await enter(t, { people: [person(0)] });
  await until('the offer', () => classroom.last('offer'));
  const { sdp } = classroom.last('offer');
  const sections = sdp.split(/(?=^m=)/m).slice(1);
  const shape = sections.map((s) => `${/^m=(\w+)/.exec(s)[1]} ${/^a=(sendonly|recvonly|sendrecv|inactive)/m.exec(s)[1]}`);
  assert.deepEqual(shape, [
    'audio sendonly', 'video sendonly', 'video sendonly', 'audio sendonly',
    ...Array(5).fill('audio recvonly'), ...Array(17).fill('video recvonly'),
  ]);
  assert.ok(sdp.length < 48 * 1024, `the offer has ${sdp.length} bytes`);
  assert.doesNotMatch(sdp, /VP9|AV1|H265/);
  console.log(`offer: ${sdp.length} bytes`);
});

test('asks for what is visible, measures the first picture', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { screen: true }), person(1), person(2, { camera: false })] });
  await becomes('all pictures', () => showing(page), 3, 60_000);
  const wanted = () => classroom.last('view')?.want ?? [];
  await becomes('what is visible', () => wanted().map((w) => `${w.participant} ${w.source}`), ['p0000 screen', 'p0000 camera', 'p0001 camera']);
  await until('a larger screen than camera', () => wanted()[0].height > wanted()[1].height);
  const [measure] = await until('the measure', async () => {
    const measured = await page.evaluate(() => performance.getEntriesByName('beitreten-erstes-bild').map((m) => m.duration));
    return measured.length > 0 && measured;
  });
  assert.ok(measure > 0 && measure < 60_000, `measured ${measure}`);
});

test('the browser’s drawn ID stays the same and says nothing', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { camera: false })] });
  const first = classroom.last('join').device;
  await page.getByRole('button', { name: 'Raum verlassen' }).click();
  await page.getByRole('button', { name: 'Wieder beitreten' }).click();
  await page.getByRole('button', { name: 'Beitreten' }).click();
  await page.getByRole('toolbar').waitFor();
  assert.equal(classroom.last('join').device, first);
  const other = await enter(t, { people: [person(0, { camera: false })] });
  assert.notEqual(other.classroom.last('join').device, first);
});

test('a wrong code counts down, the right one opens', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  const classroom = new Classroom({ counterpart, door: [{ type: 'door', state: 'waiting' }] });
  await classroom.attach(page);
  await join(page, site.origin);
  await page.getByText('Der Unterricht hat noch nicht begonnen.').waitFor();
  classroom.send({ type: 'door', state: 'code' });
  await page.getByRole('textbox', { name: 'Raumcode' }).fill('111111');
  await page.getByRole('button', { name: 'Eintreten' }).click();
  await page.getByText('Dieser Raumcode stimmt nicht.').waitFor();
  await page.getByRole('textbox', { name: 'Raumcode' }).fill('482713');
  await page.getByRole('button', { name: 'Eintreten' }).click();
  await page.getByRole('toolbar').waitFor();
});

test('a locked door opens to the code', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  const classroom = new Classroom({ counterpart, door: [{ type: 'door', state: 'locked' }] });
  await classroom.attach(page);
  await join(page, site.origin);
  await page.getByRole('heading', { name: 'Der Raum ist abgeschlossen' }).waitFor();
  classroom.send({ type: 'door', state: 'code' });
  await page.getByRole('textbox', { name: 'Raumcode' }).waitFor();
});

test('the queue counts down without moving anything, and the door opens by itself', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  const classroom = new Classroom({ counterpart, door: [{ type: 'queue', place: 12 }] });
  await classroom.attach(page);
  await join(page, site.origin);
  const status = page.getByRole('status').filter({ hasText: 'Gerade sind alle Klassenzimmer besetzt.' });
  await status.filter({ hasText: 'Ihr Raum steht an Stelle 12 der Warteschlange.' }).waitFor();
  await page.getByText('Lassen Sie diese Seite offen: Sie kommen von selbst hinein, meist in wenigen Minuten.').waitFor();
  const box = await status.boundingBox();
  assert.ok(box, 'the status has a place');
  await status.evaluate((element) => { globalThis.kept = element; });
  classroom.send({ type: 'queue', place: 1 });
  await status.filter({ hasText: 'Ihr Raum ist als Nächstes an der Reihe.' }).waitFor();
  assert.deepEqual(await status.boundingBox(), box);
  assert.equal(await page.evaluate(() => globalThis.kept.isConnected), true, 'the live region stays');
  classroom.options.door = undefined;
  classroom.send({ type: 'ended', reason: 'moved' });
  await page.getByRole('toolbar').waitFor();
  assert.equal(classroom.count('join'), 2);
});

test('a page that is out of date is loaded anew once, and then says so', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  const classroom = new Classroom({ counterpart, door: [{ type: 'refused', code: 'outdated' }] });
  await classroom.attach(page);
  let loaded = 0;
  page.on('load', () => { loaded += 1; });
  await join(page, site.origin);
  await becomes('the page to be loaded anew', () => loaded, 2);
  assert.equal(classroom.count('join'), 1);
  await page.getByRole('textbox', { name: 'Ihr Name' }).fill('Alma Beispiel');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  await page.getByRole('heading', { name: 'Die Seite ist veraltet' }).waitFor();
  await page.getByRole('button', { name: 'Seite neu laden' }).waitFor();
  assert.equal(loaded, 2, 'not in circles');
});
