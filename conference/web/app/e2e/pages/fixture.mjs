// What tests of the built page start from: a browser and its counterpart for a file of tests; for each test a fresh page, a small server and a line
// to the counterpart, so that tests can run side by side.
import { after, before } from 'node:test';
import { launch } from '../browser.mjs';
import { Classroom } from '../classroom.mjs';
import { keepConnections } from '../connections.mjs';
import { openCounterpart } from '../counterpart.mjs';
import { join } from '../screens.mjs';
import { serve } from '../site.mjs';

/** A test's options. Milliseconds; generous, because machines that test are busy. */
export const patiently = { timeout: 240_000 };

/** Starts the browser, with further flags, before the first test of the file. */
export function useBrowser(...flags) {
  let browser;
  let counterpart;
  before(async () => {
    browser = await launch('--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns', ...flags);
    counterpart = await openCounterpart(browser);
  });
  after(() => browser?.close());

  /**
   * A fresh page for test `t`, with a site and a line to the counterpart that nobody else uses; `options` are those of a browser context. `noted` are
   * its requests, and as problems every error and every violation of the security policy.
   */
  async function open(t, options = {}) {
    const site = await serve();
    const line = counterpart.line();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'de-DE', permissions: ['camera', 'microphone'], ...options });
    t.after(async () => {
      await context.close();
      await line.hangUp();
      await site.close();
    });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const noted = { requests: [], problems: [] };
    page.on('request', (request) => noted.requests.push(request.url()));
    page.on('pageerror', (error) => noted.problems.push(`error: ${error.message}`));
    await page.exposeFunction('noteViolation', (what) => noted.problems.push(what));
    await page.addInitScript(keepConnections);
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        globalThis.noteViolation(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
      });
    });
    return { page, context, noted, site, counterpart: line };
  }

  /** Joins a pretended class, of which `options` are those of Classroom; `camera`: switched on before. */
  async function enter(t, options = {}, { camera = false } = {}) {
    const opened = await open(t);
    const classroom = new Classroom({ counterpart: opened.counterpart, ...options });
    await classroom.attach(opened.page);
    await join(opened.page, opened.site.origin, { camera });
    await opened.page.getByRole('toolbar').waitFor();
    return { ...opened, classroom };
  }

  return { open, enter };
}

/** How many pictures the page shows. */
export const showing = (page) => page.locator('video[data-showing="true"]').count();

/** What has the focus: its label, or its text. */
export const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');

/** Notes from now on whether `words` are to be read on the page; resolves to the question whether they ever were. For what may pass quickly. */
export async function everShown(page, words) {
  await page.evaluate((text) => {
    globalThis.shown ??= {};
    const look = () => { globalThis.shown[text] ||= document.body.innerText.includes(text); };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  }, words);
  return () => page.evaluate((text) => globalThis.shown[text], words);
}
