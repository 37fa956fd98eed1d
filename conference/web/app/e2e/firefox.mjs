// Starts Debian's Firefox with pretended devices, over WebDriver BiDi, and lets a pupil use it.
import { env } from 'node:process';
import puppeteer from 'puppeteer-core';
import { keepConnections } from './connections.mjs';
import { openScreen } from './screen.mjs';

const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // The county is on the loopback interface. Firefox offers that only if told to, and only to a site that has been allowed camera or
  // microphone; to any other one it shows the default route alone.
  'media.peerconnection.ice.loopback': true,
  'permissions.default.camera': 1,
  'permissions.default.microphone': 1,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'intl.accept_languages': 'de-DE, de',
};

/** With `screen` its window is on a screen, which it can share. The environment variable FIREFOX names another browser. */
export function launchFirefox(screen) {
  return puppeteer.launch({
    browser: 'firefox', executablePath: env.FIREFOX ?? '/usr/bin/firefox-esr', headless: screen === undefined, acceptInsecureCerts: true,
    extraPrefsFirefox: preferences, defaultViewport: { width: 1280, height: 800 }, env: { ...env, ...(screen && { DISPLAY: screen.display }) },
  });
}

/** A pupil with Firefox. */
export class Pupil {
  static async arrive(name, { screen = false } = {}) {
    const pupil = new Pupil(name);
    try {
      pupil.screen = screen ? await openScreen() : undefined;
      pupil.browser = await launchFirefox(pupil.screen);
      pupil.page = await pupil.browser.newPage();
    } catch (error) {
      await pupil.leave();
      throw error;
    }
    pupil.page.setDefaultTimeout(60_000);
    pupil.page.on('pageerror', (error) => pupil.problems.push(error.message));
    await pupil.page.evaluateOnNewDocument(keepConnections);
    return pupil;
  }

  constructor(name) {
    this.name = name;
    this.problems = [];
  }

  async leave() {
    await this.browser?.close();
    await this.screen?.close();
  }

  find(role, name) {
    return this.page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`);
  }

  async press(name) {
    await (await this.find('button', name)).click();
  }

  /** Goes to a room's door with the camera on. */
  async toRoom(url) {
    await this.page.goto(url);
    await (await this.find('textbox', 'Ihr Name')).type(this.name);
    await this.press('Kamera einschalten');
    await this.find('button', 'Kamera ausschalten');
  }

  async enter(code) {
    await this.press('Beitreten');
    await (await this.find('textbox', 'Raumcode')).type(code);
    await this.press('Eintreten');
    await this.page.waitForSelector('[role="toolbar"]');
  }

  /** The sums of the present PeerConnection: RTCInboundRtpStreamStats of the Identifiers for WebRTC Statistics. */
  received() {
    return this.page.evaluate(async () => {
      const sum = { frames: 0, audio: 0 };
      for (const report of (await globalThis.connections.at(-1).getStats()).values()) {
        if (report.type !== 'inbound-rtp') continue;
        if (report.kind === 'video') sum.frames += report.framesDecoded ?? 0;
        else sum.audio += report.totalAudioEnergy ?? report.packetsReceived ?? 0;
      }
      return sum;
    });
  }

  /** The way its media go: the state and the local candidate of the pair that is used. */
  way() {
    return this.page.evaluate(async () => {
      const connection = globalThis.connections.at(-1);
      const all = [...(await connection.getStats()).values()];
      const pair = all.find(({ type, selected, nominated, state }) => type === 'candidate-pair' && (selected || (nominated && state === 'succeeded')));
      const local = all.find(({ id }) => id === pair?.localCandidateId);
      return { state: connection.connectionState, candidate: local?.candidateType, relay: local?.relayProtocol };
    });
  }
}
