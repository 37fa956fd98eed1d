// A browser that is in the lesson. It joins a room of a running county through the real page, stays, and tells what became of it: how often it
// connected, how many PeerConnections it needed, and the longest time without a decoded frame.
//
//   KREISRAUM_SITE=https://demo.localhost:8443 [KREISRAUM_ORGANISER=… KREISRAUM_PASSWORD=…] \
//     node e2e/watch.mjs --room Klasse-5a [--code 482713] [--name "Mia Beispiel"] [--camera] [--mic] [--patience 60000]
//
// With KREISRAUM_ORGANISER it logs in and opens the room. Without --code it waits at the door until one is given on stdin ("code 482713").
// It speaks JSON, one object per line, each with an `event`:
//   {"event":"inside","code":"482713",…}   the page is in the room; the code is known to organisers only
//   {"event":"report",…}                   the answer to each line "report" on stdin
//   {"event":"people","count":70,"tiles":16,"longTasks":3,"longestTask":80}   the answer to each line "people" on stdin: the entries of the list of
//                                          people, which is opened for it, the tiles on the page, and tasks of over 50 ms so far (milliseconds)
//   {"event":"start"}                      the answer to each line "start" on stdin: counting begins anew
//   {"event":"end",…}                      when stdin is closed; then it leaves and exits with 0
//   {"event":"failed","what":"…"}          then it exits with 1
// The fields are those of report(); they contain no names.
import { createInterface } from 'node:readline';
import { argv, env, exit, stdin, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { launch, until } from './browser.mjs';
import { keepConnections } from './connections.mjs';

/* Runs in the page, before its own scripts and after keepConnections. Milliseconds throughout. */
function keepWatch() {
  const counts = { attempts: 0, connections: 0 };
  const { connections } = globalThis;
  const decodedBefore = new Map();
  let known = 0;
  globalThis.watch = {};
  const RealSocket = globalThis.WebSocket;
  globalThis.WebSocket = class extends RealSocket {
    constructor(...args) {
      super(...args);
      counts.attempts += 1;
      this.addEventListener('open', () => { counts.connections += 1; });
    }
  };
  let first, last, longest, frames, looked, blind, said;
  const start = () => {
    Object.assign(counts, { attempts: 0, connections: 0 });
    known = connections.length;
    // Frames flow already when counting begins anew.
    first = last === undefined ? undefined : performance.now();
    last = first;
    longest = 0;
    frames = 0;
    blind = 0;
    said = 0;
    looked = performance.now();
  };
  start();

  /** Whether a PeerConnection has decoded something since it was last asked: "framesDecoded" of the Identifiers for WebRTC Statistics. */
  const progress = async (connection) => {
    if (connection.signalingState === 'closed') return;
    let decoded = 0;
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'video') decoded += report.framesDecoded ?? 0;
    }
    const more = decoded - (decodedBefore.get(connection) ?? 0);
    decodedBefore.set(connection, decoded);
    if (more <= 0) return;
    const now = performance.now();
    first ??= now;
    longest = Math.max(longest, now - (last ?? now));
    last = now;
    frames += more;
  };
  const look = async () => {
    await Promise.all(connections.map((connection) => progress(connection).catch(() => undefined)));
    const now = performance.now();
    blind = Math.max(blind, now - looked);
    looked = now;
    said = Math.max(said, document.body?.textContent.includes('Verbindung wird wiederhergestellt') ? 1 : 0);
    setTimeout(look, 100);
  };
  void look();
  const tasks = [];
  new PerformanceObserver((list) => { tasks.push(...list.getEntries().map((entry) => entry.duration)); }).observe({ type: 'longtask', buffered: true });
  globalThis.watch = {
    start,
    tasks: () => ({ longTasks: tasks.length, longestTask: Math.round(Math.max(0, ...tasks)) }),
    report: () => ({
      inside: document.querySelector('[role="toolbar"]') !== null,
      ...counts,
      peerConnections: connections.length - known,
      framesDecoded: frames,
      longestGap: first === undefined ? null : Math.round(Math.max(longest, performance.now() - last)),
      longestLookAway: Math.round(blind),
      interruptionShown: said > 0,
    }),
  };
}

/**
 * Joins. `options`: site, room, name, organiser, password, code, camera, mic, patience (milliseconds for each step).
 *
 * report() resolves to {inside, attempts, connections, peerConnections, reconnects, newPeerConnections, framesDecoded, longestGap,
 * longestLookAway, interruptionShown, problems}. `attempts` are all WebSockets, `connections` those that opened. `longestGap` is the longest time in milliseconds between two looks that both saw new frames, on any slot, since
 * the first one; null when there was none. It is measured by looking every 100 ms; `longestLookAway` says how long the machine
 * kept it from looking at worst, and the gap may be too long by as much. `reconnects` and `newPeerConnections` are what came after the first.
 */
export class Watcher {
  static async open(options) {
    const browser = await launch('--allow-loopback-in-peer-connection');
    const context = await browser.newContext({
      ignoreHTTPSErrors: true, locale: 'de-DE', viewport: { width: 1280, height: 800 }, permissions: ['camera', 'microphone'],
    });
    context.setDefaultTimeout(options.patience ?? 60_000);
    const watcher = await Watcher.on(await context.newPage(), options);
    watcher.close = () => browser.close();
    return watcher;
  }

  /** Watches a page of one's own, which must not have gone anywhere yet. */
  static async on(page, options) {
    const watcher = new Watcher(page, options);
    await page.addInitScript(keepConnections);
    await page.addInitScript(keepWatch);
    page.on('pageerror', (error) => watcher.problems.push(error.message));
    return watcher;
  }

  constructor(page, options) {
    this.page = page;
    this.options = options;
    this.problems = [];
    this.begun = false;
    this.close = () => page.close();
  }

  /** Goes through the device check to the door; resolves when the click on "Beitreten" was made. */
  async knock() {
    const { page, options } = this;
    if (options.organiser) await this.login();
    await page.goto(`${options.site}/${options.room}`);
    await page.getByRole('textbox', { name: 'Ihr Name' }).fill(options.name ?? 'Mia Beispiel');
    for (const [wanted, on, off] of [
      [options.camera, 'Kamera einschalten', 'Kamera ausschalten'], [options.mic, 'Mikrofon einschalten', 'Mikrofon stummschalten'],
    ]) {
      if (!wanted) continue;
      await page.getByRole('button', { name: on }).click();
      await page.getByRole('button', { name: off }).waitFor();
    }
    await page.getByRole('button', { name: 'Beitreten' }).click();
  }

  async enterCode(code) {
    await this.page.getByRole('textbox', { name: 'Raumcode' }).fill(code);
    await this.page.getByRole('button', { name: 'Eintreten' }).click();
  }

  /** Resolves when the page is in the room, to the room code if the page shows it. */
  async inside() {
    const { page, options } = this;
    await page.getByRole('toolbar', { name: 'Steuerung' }).waitFor();
    const code = options.organiser ? await this.readCode() : undefined;
    return { code };
  }

  async readCode() {
    const { page } = this;
    const shown = page.getByTestId('room-code').first();
    if ((await shown.count()) > 0) return (await shown.innerText()).trim();
    const invitation = page.getByRole('button', { name: 'Einladung' });
    await invitation.click();
    const code = (await shown.innerText()).trim();
    await page.getByRole('complementary').getByRole('button', { name: 'Schließen' }).click();
    return code;
  }

  /** Resolves when pictures of others are decoded. */
  async sees() {
    await until('a decoded frame', async () => (await this.report()).framesDecoded > 0, this.options.patience ?? 60_000);
  }

  /** Counting begins anew: what came before belonged to joining. */
  async start() {
    this.begun = true;
    await this.page.evaluate(() => { globalThis.watch.start(); });
  }

  async report() {
    const seen = await this.page.evaluate(() => globalThis.watch.report());
    const own = this.begun ? 0 : 1;
    return {
      ...seen,
      reconnects: Math.max(0, seen.connections - own),
      newPeerConnections: Math.max(0, seen.peerConnections - own),
      problems: [...this.problems],
    };
  }

  /** Opens the list of people and counts it. */
  async people() {
    const { page } = this;
    const list = page.locator('section[aria-labelledby="alle-personen"] > ul > li');
    if ((await list.count()) === 0) await page.locator('[data-panel="people"]').click();
    return { count: await list.count(), tiles: await page.getByTestId('tile').count(), ...(await page.evaluate(() => globalThis.watch.tasks())) };
  }

  async login() {
    const { page, options } = this;
    await page.goto(options.site);
    await page.getByRole('textbox', { name: 'Zugangsname' }).fill(options.organiser);
    await page.getByLabel('Passwort').fill(options.password);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText(`Angemeldet als ${options.organiser}`).waitFor();
  }
}

const say = (event, more = {}) => stdout.write(`${JSON.stringify({ event, ...more })}\n`);

async function obey(watcher, line) {
  const [word, ...rest] = line.trim().split(/\s+/);
  if (word === 'report') say('report', await watcher.report());
  if (word === 'people') say('people', await watcher.people());
  if (word === 'start') {
    await watcher.start();
    say('start');
  }
  if (word === 'code') await watcher.enterCode(rest.join(' '));
}

async function main() {
  const { values } = parseArgs({
    options: {
      site: { type: 'string', default: env.KREISRAUM_SITE }, room: { type: 'string' }, name: { type: 'string' }, code: { type: 'string' },
      camera: { type: 'boolean', default: false }, mic: { type: 'boolean', default: false }, patience: { type: 'string', default: '60000' },
    },
  });
  if (!values.site || !values.room) throw new Error('--room and KREISRAUM_SITE are needed');
  const watcher = await Watcher.open({
    ...values, site: values.site.replace(/\/$/, ''), patience: Number(values.patience),
    organiser: env.KREISRAUM_ORGANISER, password: env.KREISRAUM_PASSWORD ?? '',
  });
  try {
    // Orders come one after the other; the end of stdin is the last one.
    let orders = Promise.resolve();
    const ended = new Promise((resolve, reject) => {
      const lines = createInterface({ input: stdin });
      lines.on('line', (line) => { orders = orders.then(() => obey(watcher, line)); orders.catch(reject); });
      lines.on('close', () => { resolve('ended'); });
    });
    const entered = watcher.knock().then(async () => {
      if (values.code) await watcher.enterCode(values.code);
      say('inside', await watcher.inside());
    });
    await Promise.race([entered, ended]);
    await ended;
    await orders;
    say('end', await watcher.report());
  } finally {
    await watcher.close();
  }
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  main().then(() => exit(0), (error) => {
    say('failed', { what: error.message.split('\n')[0] });
    exit(1);
  });
}
