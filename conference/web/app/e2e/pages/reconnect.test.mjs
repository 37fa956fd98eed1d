// Interruptions: a lost socket, a portal that is away, a server that forgot, a room that moves, a restart; and what the watcher sees of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, until } from '../browser.mjs';
import { Classroom, person, self } from '../classroom.mjs';
import { giveUp, join } from '../screens.mjs';
import { Watcher } from '../watch.mjs';
import { everShown, patiently, showing, useBrowser } from './fixture.mjs';

const { open, enter } = useBrowser();

const withoutDevice = ({ device: _device, ...rest }) => rest;

/** Frames that the page's newest PeerConnection has decoded: "framesDecoded" of the Identifiers for WebRTC Statistics. */
const decoded = (page) =>
  page.evaluate(async () => {
    let frames = 0;
    for (const report of (await globalThis.connections.at(-1).getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'video') frames += report.framesDecoded;
    }
    return frames;
  });

/** What is said about an interruption that lasts. */
const mending = 'Verbindung wird wiederhergestellt …';

test('a lost socket leaves picture and PeerConnection as they are', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await page.clock.install();
  const classroom = new Classroom({ counterpart, people: [person(0)] });
  await classroom.attach(page);
  await join(page, site.origin);
  await becomes('a picture', () => showing(page), 1, 60_000);
  await page.locator('video[data-showing="true"]').evaluate((video) => { globalThis.kept = video; });
  const said = await everShown(page, mending);
  // However slow the machine is, for the page the interruption is short: its clock stands, and goes on 10 ms at a time.
  await page.clock.pauseAt(Date.now() + 60_000);
  classroom.drop();
  await until('the page is back', async () => {
    await page.clock.runFor(10);
    return classroom.count('join') === 2;
  });
  assert.deepEqual(withoutDevice(classroom.last('join')), { type: 'join', name: 'Alma Beispiel', role: 'participant', resume: 'x.y', media: true });
  await until('what is switched is told anew', () => classroom.sent.slice(classroom.sent.findLastIndex((m) => m.type === 'join')).some((m) => m.type === 'state'));
  await page.clock.resume();
  const before = await decoded(page);
  await until('more frames', async () => (await decoded(page)) > before + 5);
  assert.equal(classroom.count('offer'), 1);
  assert.equal(await page.evaluate(() => globalThis.connections.length), 1);
  assert.equal(await page.evaluate(() => globalThis.kept.isConnected && globalThis.kept.dataset.showing), 'true', 'the same picture');
  assert.equal(await said(), false, 'nothing is said about a short interruption');
});

test('the lesson goes on visibly while the portal is away, and what happened meanwhile is caught up with', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0), person(1, { camera: false })] });
  await becomes('a picture', () => showing(page), 1, 60_000);
  classroom.refuseConnections = true;
  classroom.drop();
  await page.getByText(mending).waitFor();
  await page.getByTestId('announcer').filter({ hasText: 'Verbindung unterbrochen' }).waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
  await page.getByRole('button', { name: 'Mikrofon stummschalten' }).waitFor();
  await page.getByRole('button', { name: 'Chat' }).click();
  await page.getByRole('textbox', { name: 'Nachricht' }).fill('Geht das noch?');
  await page.keyboard.press('Enter');
  assert.equal(await page.getByRole('textbox', { name: 'Nachricht' }).inputValue(), 'Geht das noch?', 'what cannot be sent stays');
  const before = await decoded(page);
  await until('frames without a portal', async () => (await decoded(page)) > before + 5);
  classroom.options.people = [person(0), person(2, { camera: false })];
  classroom.refuseConnections = false;
  // How soon is connection.test.ts's concern: there the clock is not the machine's.
  await until('the page is back', () => classroom.count('join') === 2);
  await page.getByText(mending).waitFor({ state: 'detached' });
  await page.getByTestId('tile').filter({ hasText: 'Ben Muster' }).waitFor();
  await page.getByTestId('tile').filter({ hasText: 'Mia Beispiel' }).waitFor({ state: 'detached' });
  await until('the microphone is told', () => classroom.last('state').mic === true);
  assert.equal(classroom.count('offer'), 1);
  await page.getByRole('textbox', { name: 'Nachricht' }).press('Enter');
  await until('the message', () => classroom.count('chat') === 1);
});

test('a server that forgot the media session gets a new offer, and no device is asked for again', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0)], forgetsMedia: true }, { camera: true });
  await becomes('a picture', () => showing(page), 1, 60_000);
  await page.evaluate(() => {
    globalThis.asked = 0;
    navigator.mediaDevices.getUserMedia = () => { globalThis.asked += 1; return Promise.reject(new DOMException('', 'NotAllowedError')); };
  });
  classroom.drop();
  await until('the second offer', () => classroom.count('offer') === 2);
  assert.equal(classroom.last('join').media, true, 'the page asked');
  await becomes('the picture to be back', () => showing(page), 1, 60_000);
  await until('the camera stays on', () => classroom.last('state').camera === true);
  assert.equal(await page.evaluate(() => globalThis.asked), 0);
  await becomes('the old one to be closed', () => page.evaluate(() => globalThis.connections.filter((c) => c.connectionState !== 'closed').length), 1);
});

test('a page whose media has failed does not ask to keep it', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0)] });
  await becomes('a picture', () => showing(page), 1, 60_000);
  classroom.refuseConnections = true;
  classroom.drop();
  await page.getByText(mending).waitFor();
  await page.evaluate(() => {
    const connection = globalThis.connections.at(-1);
    Object.defineProperty(connection, 'connectionState', { get: () => 'failed' });
    connection.dispatchEvent(new Event('connectionstatechange'));
  });
  classroom.refuseConnections = false;
  await until('the second offer', () => classroom.count('offer') === 2);
  assert.equal(classroom.last('join').media, undefined);
  await becomes('the picture to be back', () => showing(page), 1, 60_000);
});

test('after two minutes it is the person’s turn, and one click brings all back', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await page.clock.install();
  const classroom = new Classroom({ counterpart, people: [person(0)] });
  await classroom.attach(page);
  await join(page, site.origin);
  await becomes('a picture', () => showing(page), 1, 60_000);
  classroom.refuseConnections = true;
  classroom.drop();
  await giveUp(page);
  await page.getByRole('alert').filter({ hasText: 'Der Server ist seit zwei Minuten nicht erreichbar.' }).waitFor();
  classroom.refuseConnections = false;
  await page.getByRole('button', { name: 'Jetzt verbinden' }).click();
  await until('the page is back', () => classroom.count('join') === 2);
  await page.getByRole('button', { name: 'Jetzt verbinden' }).waitFor({ state: 'detached' });
});

test('an organiser’s page brings the code along, a pupil’s does not', patiently, async (t) => {
  for (const [me, code, brought] of [[self({ role: 'organiser' }), '482713', 'Igel-17'], [self(), undefined, undefined]]) {
    const { page, site, counterpart } = await open(t);
    site.api.organiser = me.role === 'organiser' ? 'ahorn-4827' : undefined;
    const classroom = new Classroom({ counterpart, me, code, people: [person(1, { camera: false })] });
    await classroom.attach(page);
    await join(page, site.origin);
    await page.getByRole('toolbar').waitFor();
    if (code) classroom.send({ type: 'code', code: 'Igel-17' });
    if (code) await page.getByRole('button', { name: 'Einladung' }).click();
    if (code) await page.getByTestId('room-code').filter({ hasText: 'Igel-17' }).waitFor();
    classroom.drop();
    await until('the page is back', () => classroom.count('join') === 2);
    assert.equal(classroom.last('join').code, brought);
    assert.equal(classroom.last('join').role, me.role);
  }
});

test('a room that moves takes everybody along', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0)], forgetsMedia: true });
  await becomes('a picture', () => showing(page), 1, 60_000);
  classroom.send({ type: 'ended', reason: 'moved' });
  await until('the second offer', () => classroom.count('offer') === 2);
  assert.equal(classroom.last('join').resume, 'x.y');
  await becomes('the picture to be back', () => showing(page), 1, 60_000);
});

test('somebody inside who has to queue keeps the way back in', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0)] });
  await becomes('a picture', () => showing(page), 1, 60_000);
  classroom.send({ type: 'queue', place: 2 });
  await page.getByText('Ihr Raum steht an Stelle 2 der Warteschlange.').waitFor();
  classroom.send({ type: 'ended', reason: 'moved' });
  await page.getByRole('toolbar').waitFor();
  assert.deepEqual(withoutDevice(classroom.last('join')), { type: 'join', name: 'Alma Beispiel', role: 'participant', resume: 'x.y' });
  await becomes('the picture to be back', () => showing(page), 1, 60_000);
});

test('a reload keeps the way back in', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { camera: false })] });
  await page.reload();
  await until('the page is back without a click', () => classroom.count('join') === 2);
  await page.getByRole('toolbar').waitFor();
  assert.deepEqual(withoutDevice(classroom.last('join')), { type: 'join', name: 'Alma Beispiel', role: 'participant', resume: 'x.y' });
});

test('the announced restart can be put away, comes back and ends the room', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  await page.clock.install();
  const classroom = new Classroom({ counterpart, people: [person(0, { camera: false })] });
  await classroom.attach(page);
  await join(page, site.origin);
  await page.getByRole('toolbar').waitFor();
  await until('media', () => page.evaluate(() => globalThis.connections.at(-1)?.connectionState === 'connected'), 60_000);
  const at = Date.now() + 30 * 60_000;
  const clock = new Date(at).toLocaleTimeString('de-DE', { hour: '2-digit', minute: '2-digit' });
  classroom.send({ type: 'notice', kind: 'restart', at });
  const words = page.getByTestId('restart').filter({ hasText: `Um ${clock} Uhr startet der Server neu; dann endet dieser Raum und der Chat wird gelöscht.` });
  await words.waitFor();
  await page.getByTestId('announcer').filter({ hasText: `Um ${clock} Uhr` }).waitFor({ state: 'attached' });
  await words.getByRole('button', { name: 'Schließen' }).click();
  await words.waitFor({ state: 'detached' });
  classroom.send({ type: 'notice', kind: 'restart', at });
  await page.clock.fastForward('24:00');
  assert.equal(await words.count(), 0, 'six minutes before');
  await page.clock.fastForward('01:05');
  await words.waitFor();
  classroom.send({ type: 'ended', reason: 'restart' });
  await page.getByRole('heading', { name: 'Der Raum ist zu Ende' }).waitFor();
  await page.getByText('In wenigen Minuten kann die Lehrkraft den Raum wieder öffnen.').waitFor();
  await page.getByRole('button', { name: 'Wieder beitreten' }).waitFor();
  assert.equal(classroom.count('join'), 1);
});

test('a restart that nobody announced is a mishap: the lesson goes on', patiently, async (t) => {
  const { page, classroom } = await enter(t, { people: [person(0, { camera: false })], forgetsMedia: true });
  classroom.send({ type: 'ended', reason: 'restart' });
  await until('the page is back', () => classroom.count('join') === 2);
  await page.getByRole('toolbar').waitFor();
});

test('the watcher sees what became of a lesson', patiently, async (t) => {
  const { page, site, counterpart } = await open(t);
  const classroom = new Classroom({ counterpart, people: [person(0)] });
  await classroom.attach(page);
  const watcher = await Watcher.on(page, { site: site.origin, room: 'Klasse-5a' });
  await watcher.knock();
  await watcher.inside();
  await watcher.sees();
  await watcher.start();
  await until('more frames', async () => (await watcher.report()).framesDecoded > 10);
  const calm = await watcher.report();
  assert.deepEqual({ reconnects: calm.reconnects, newPeerConnections: calm.newPeerConnections }, { reconnects: 0, newPeerConnections: 0 });
  assert.ok(calm.inside && calm.longestGap !== null, JSON.stringify(calm));

  classroom.drop();
  await until('the page is back', async () => (await watcher.report()).reconnects === 1);
  assert.equal((await watcher.report()).newPeerConnections, 0);

  classroom.options.forgetsMedia = true;
  classroom.drop();
  await until('a new PeerConnection', async () => (await watcher.report()).newPeerConnections === 1);
  await until('frames again', async () => (await watcher.report()).framesDecoded > 30);
  await watcher.start();
  const still = 1500;
  await counterpart.standStill(still);
  await until('frames again', async () => (await watcher.report()).framesDecoded > 5);
  const { longestGap } = await watcher.report();
  assert.ok(longestGap > still - 500, `a gap of ${longestGap} ms`);
});
