// A lesson in a network that lets no UDP through: all media go over TLS on the site's port. Whoever runs it sees to it that UDP is dropped
// between browser and server (operator/e2e does, with nftables). Needs, like lesson.test.mjs,
//   KREISRAUM_SITE=https://demo.localhost:8443 KREISRAUM_ORGANISER=… KREISRAUM_PASSWORD=… node --test e2e/udp.test.mjs
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { launch, until } from './browser.mjs';
import { keepConnections } from './connections.mjs';
import { Pupil } from './firefox.mjs';

const siteURL = process.env.KREISRAUM_SITE;
const skip = siteURL ? false : 'KREISRAUM_SITE is not set';
const room = `Ohne-UDP-${Date.now().toString(36)}`;
const patience = 60_000;

let browser;
let ben;

before(async () => {
  if (skip) return;
  browser = await launch('--allow-loopback-in-peer-connection', `--ignore-certificate-errors-spki-list=${await keyOf(new URL(siteURL))}`);
});
after(async () => {
  await ben?.leave();
  await browser?.close();
});

/** The digest of the site's public key. A page may be let off its certificate alone; the relay's connection is the browser's own. */
function keyOf({ hostname, port }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port || 443), servername: hostname, rejectUnauthorized: false }, () => {
      const { publicKey } = new X509Certificate(socket.getPeerCertificate().raw);
      socket.destroy();
      resolve(createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64'));
    });
    socket.on('error', reject);
  });
}

/** Somebody with a browser of their own, of which the PeerConnections and what the server said are kept. */
async function arrive(name) {
  const context = await browser.newContext({ locale: 'de-DE', viewport: { width: 1280, height: 800 }, permissions: ['camera', 'microphone'] });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  await page.addInitScript(keepConnections);
  await page.addInitScript(() => {
    globalThis.told = [];
    const Socket = globalThis.WebSocket;
    globalThis.WebSocket = class extends Socket {
      constructor(...args) {
        super(...args);
        this.addEventListener('message', ({ data }) => { globalThis.told.push(JSON.parse(data)); });
      }
    };
  });
  return { name, page };
}

const joined = ({ page }) => page.evaluate(() => globalThis.told.findLast(({ type }) => type === 'joined'));

async function toRoom({ page, name }) {
  await page.goto(`${siteURL}/${room}`);
  await page.getByRole('textbox', { name: 'Ihr Name' }).fill(name);
  await page.getByRole('button', { name: 'Kamera einschalten' }).click();
  await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
  await page.getByRole('button', { name: 'Kamera ausschalten' }).waitFor();
  await page.getByRole('button', { name: 'Mikrofon stummschalten' }).waitFor();
  await page.getByRole('button', { name: 'Beitreten' }).click();
}

/** What the last PeerConnection says of itself: its state, the way its media go, what came. */
const report = ({ page }) =>
  page.evaluate(async () => {
    const connection = globalThis.connections.at(-1);
    const all = connection ? [...(await connection.getStats()).values()] : [];
    const transport = all.find(({ type }) => type === 'transport');
    const pair = all.find(({ id }) => id === transport?.selectedCandidatePairId);
    const local = all.find(({ id }) => id === pair?.localCandidateId);
    const inbound = (kind, field) => all.reduce((sum, one) => sum + (one.type === 'inbound-rtp' && one.kind === kind ? one[field] ?? 0 : 0), 0);
    return {
      state: connection?.connectionState, candidate: local?.candidateType, relay: local?.relayProtocol,
      frames: inbound('video', 'framesDecoded'), energy: inbound('audio', 'totalAudioEnergy'),
    };
  });

test('a lesson without UDP, in Chromium and in Firefox', { skip, timeout: 300_000 }, async () => {
  const teacher = await arrive('Frau Ahorn');
  const mia = await arrive('Mia Beispiel');
  await teacher.page.goto(siteURL);
  await teacher.page.getByRole('textbox', { name: 'Zugangsname' }).fill(process.env.KREISRAUM_ORGANISER ?? '');
  await teacher.page.getByLabel('Passwort').fill(process.env.KREISRAUM_PASSWORD ?? '');
  await teacher.page.getByRole('button', { name: 'Anmelden' }).click();
  await teacher.page.getByText(`Angemeldet als ${process.env.KREISRAUM_ORGANISER}`).waitFor();
  await toRoom(teacher);
  const { room: { code }, ice } = await until('the teacher is inside', () => joined(teacher), patience);
  assert.match(ice.urls[0], /^turns:.*\?transport=tcp$/);
  await toRoom(mia);
  await mia.page.getByRole('textbox', { name: 'Raumcode' }).fill(code);
  await mia.page.getByRole('button', { name: 'Eintreten' }).click();
  await until('the pupil is inside', () => joined(mia), patience);
  for (const person of [teacher, mia]) {
    await until(`${person.name} sees and hears`, async () => {
      const { frames, energy } = await report(person);
      return frames > 20 && energy > 1e-5;
    }, patience).catch(async (error) => { throw new Error(`${error.message}: ${JSON.stringify(await report(person))}`); });
    const { candidate, relay } = await until(`${person.name}'s way is known`, async () => {
      const found = await report(person);
      return found.candidate && found;
    });
    assert.deepEqual({ candidate, relay }, { candidate: 'relay', relay: 'tls' });
  }

  ben = await Pupil.arrive('Ben Muster');
  await ben.toRoom(`${siteURL}/${room}`);
  await ben.enter(code);
  await until('Ben sees and hears in Firefox', async () => {
    const { frames, audio } = await ben.received();
    return frames > 20 && audio > 1e-5;
  }, patience).catch(async (error) => { throw new Error(`${error.message}: ${JSON.stringify({ ...(await ben.received()), ...(await ben.way()) })}`); });
  assert.deepEqual(await ben.way(), { state: 'connected', candidate: 'relay', relay: 'tls' });
  await until('the teacher sees Ben', () =>
    teacher.page.evaluate((name) => {
      const tile = [...document.querySelectorAll('[data-testid="tile"]')].find((one) => one.textContent.includes(name));
      return (tile?.querySelector('video[data-showing="true"]')?.videoWidth ?? 0) > 100;
    }, ben.name), patience);
  assert.deepEqual(ben.problems, []);
});
