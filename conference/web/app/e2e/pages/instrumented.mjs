// Pages of which the tests hold tracks and audio elements, whose devices fail on wish and whose line is as a test wants it.
import { until } from '../browser.mjs';
import { Classroom, person } from '../classroom.mjs';
import { useBrowser } from './fixture.mjs';

/** As useBrowser, with two cameras and a screen to share; no motion. */
export function useDevices() {
  const { open: openPage } = useBrowser('--use-fake-device-for-media-stream=device-count=2', '--auto-select-desktop-capture-source=Entire screen');

  async function open(t, { size: [width, height] = [1280, 800], touch = false } = {}) {
    const opened = await openPage(t, { viewport: { width, height }, hasTouch: touch, reducedMotion: 'reduce' });
    await opened.page.addInitScript(instrument);
    return opened;
  }

  /** Joins a pretended class of which `options` are those of Classroom. `camera` and `mic`: switched on before. */
  async function enter(t, options = {}, { camera = false, mic = false, ...how } = {}) {
    const opened = await open(t, how);
    const { page, site, counterpart } = opened;
    const classroom = new Classroom({ counterpart, ...options });
    await classroom.attach(page);
    await check(page, site);
    if (camera) await button(page, 'Kamera einschalten').click();
    if (camera) await button(page, 'Kamera ausschalten').waitFor();
    if (mic) await button(page, 'Mikrofon einschalten').click();
    if (mic) await button(page, 'Mikrofon stummschalten').waitFor();
    await page.getByRole('textbox', { name: 'Ihr Name' }).fill('Alma Beispiel');
    await button(page, 'Beitreten').click();
    await page.getByRole('toolbar', { name: 'Steuerung' }).waitFor();
    return { ...opened, classroom };
  }

  return { open, enter };
}

/** Goes to the device check. */
export async function check(page, site) {
  await page.goto(`${site.origin}/Klasse-5a`);
  await button(page, 'Kamera einschalten').waitFor();
}

export const button = (page, name) => page.getByRole('button', { name, exact: true });

export const people = (count, over = () => ({})) => Array.from({ length: count }, (_, i) => person(i, over(i)));
export const pictures = (page, atLeast) =>
  until(`${atLeast} pictures`, () => page.locator('video[data-showing="true"]').count().then((n) => n >= atLeast), 60_000);

/** Opens "Ansicht": from the toolbar, or from behind "Mehr" where the bar is narrow. */
export async function openView(page) {
  const direct = page.getByRole('button', { name: 'Ansicht und Geräte' });
  if (!(await direct.isVisible())) await page.locator('[data-popup="more"]').click();
  await direct.click();
  await page.getByRole('complementary', { name: 'Ansicht und Geräte' }).waitFor();
}

export const closeView = (page) => page.getByRole('complementary', { name: 'Ansicht und Geräte' }).getByRole('button', { name: 'Schließen' }).click();

/* Runs in the page, before its own scripts: keeps hold of tracks and audio elements, and makes devices fail on wish. */
function instrument() {
  const held = { tracks: [], audio: [], fail: undefined, asked: [], upLoss: 0 };
  globalThis.held = held;
  const { mediaDevices } = navigator;
  for (const method of ['getUserMedia', 'getDisplayMedia']) {
    const real = mediaDevices[method].bind(mediaDevices);
    mediaDevices[method] = async (constraints) => {
      held.asked.push({ method, constraints });
      if (held.fail) throw new DOMException('made for this test', held.fail);
      const stream = await real(constraints);
      held.tracks.push(...stream.getTracks());
      return stream;
    };
  }
  // A busy machine has slow answers and late packets, which is not what these tests are about: a line as a test wants it.
  const real = RTCPeerConnection.prototype.getStats;
  RTCPeerConnection.prototype.getStats = async function (...args) {
    const report = new Map(await real.apply(this, args));
    let sent = 0;
    for (const [id, entry] of report) {
      sent += entry.packetsSent ?? 0;
      if (entry.type === 'remote-inbound-rtp') report.delete(id);
      if (entry.type === 'inbound-rtp') report.set(id, { ...entry, packetsLost: 0 });
      if (entry.type === 'candidate-pair') report.set(id, { ...entry, currentRoundTripTime: 0.02, availableOutgoingBitrate: 2_000_000 });
    }
    report.set('line', { id: 'line', type: 'remote-inbound-rtp', timestamp: 0, packetsLost: Math.round(sent * held.upLoss) });
    return report;
  };
  const Sound = globalThis.Audio;
  globalThis.Audio = class extends Sound {
    constructor(...args) {
      super(...args);
      held.audio.push(this);
    }
  };
}
