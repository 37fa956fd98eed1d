// The built page against a small server and a pretended class: accessibility, keyboard, small screens, security policy, German.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, test } from 'node:test';
import { launch, until } from './browser.mjs';
import { Classroom, person, self } from './classroom.mjs';
import { openCounterpart } from './counterpart.mjs';
import { answerNetworkTest } from './pagescreens.mjs';
import { giveUp, join, screens } from './screens.mjs';
import { serve } from './site.mjs';
import { Watcher } from './watch.mjs';

const withoutDevice = ({ device: _device, ...rest }) => rest;

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Milliseconds; generous, because machines that test are busy. */
const patience = 240_000;

let site;
let browser;
let counterpart;

before(async () => {
  site = await serve();
  browser = await launch('--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns');
  counterpart = await openCounterpart(browser);
});
afterEach(async () => {
  for (const context of browser.contexts()) {
    if (!context.pages().includes(counterpart.page)) await context.close();
  }
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/** A fresh page that notes every request, every violation of the security policy and every error. */
async function open(options = {}) {
  site.api.organiser = undefined;
  site.api.login = { status: 204 };
  site.api.rooms = [];
  site.api.handover = undefined;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 }, locale: 'de-DE', permissions: ['camera', 'microphone'], ...options,
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const noted = { requests: [], problems: [] };
  page.on('request', (request) => noted.requests.push(request.url()));
  page.on('pageerror', (error) => noted.problems.push(`error: ${error.message}`));
  await page.exposeFunction('noteViolation', (what) => noted.problems.push(what));
  await page.addInitScript(() => {
    const Real = globalThis.RTCPeerConnection;
    globalThis.connections = [];
    globalThis.RTCPeerConnection = class extends Real {
      constructor(...args) {
        super(...args);
        globalThis.connections.push(this);
      }
    };
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      globalThis.noteViolation(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  return { page, context, noted };
}

async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary?.replace(/\s+/g, ' ')})`).join('; ')}`);
}

/** Waits until a change of colours and size has been drawn. */
const settled = (page, colorScheme) =>
  page.evaluate(async (scheme) => {
    const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
    while (!matchMedia(`(prefers-color-scheme: ${scheme})`).matches) await frame();
    for (let i = 0; i < 5; i++) await frame();
  }, colorScheme);

/** What sticks out of the page sideways: the page itself, or elements beyond its edge that nothing clips. */
const sideways = (page) =>
  page.evaluate(() => {
    const out = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) out.push(`page ${scrollWidth} > ${innerWidth}`);
    for (const element of document.querySelectorAll('button, input, select, textarea, h1, h2, p, li')) {
      const box = element.getBoundingClientRect();
      const hidden = element.closest('.hidden') || box.width === 0 || box.bottom < 0;
      if (!hidden && (box.right > innerWidth + 1 || box.left < -1)) out.push(`${element.tagName} ${element.textContent.slice(0, 30)} ${box.left}–${box.right}`);
    }
    return out;
  });

for (const [name, show] of Object.entries(screens)) {
  test(`screen ${name}`, { timeout: patience }, async () => {
    const { page, context, noted } = await open();
    await show(page, site, counterpart);
    for (const [colorScheme, width] of [['light', 1280], ['dark', 360]]) {
      await page.setViewportSize({ width, height: 740 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await settled(page, colorScheme);
      assert.deepEqual(await violations(page), [], `axe-core, ${colorScheme}, ${width} px`);
      assert.deepEqual(await sideways(page), [], `sideways, ${width} px`);
    }
    // WCAG 2.2, 1.4.10: 1280 × 1024 at a zoom of 400 %.
    await page.setViewportSize({ width: 320, height: 256 });
    await settled(page, 'dark');
    assert.deepEqual(await sideways(page), [], 'sideways, zoom 400 %');
    assert.equal(await page.getAttribute('html', 'lang'), 'de');
    assert.equal(await page.locator('h1').count(), 1, 'one main heading');
    const foreign = noted.requests.filter((url) => !url.startsWith(site.origin) && !url.startsWith(site.origin.replace('http', 'ws')));
    assert.deepEqual(foreign, [], 'requests to other hosts');
    assert.deepEqual(noted.problems, []);
    await context.close();
  });
}

test('the checks see what they are meant to see', { timeout: patience }, async () => {
  const { page, context, noted } = await open();
  await page.goto(site.origin);
  await page.evaluate(() => {
    document.body.insertAdjacentText('beforeend', 'x'.repeat(900));
    document.body.setAttribute('style', 'color: red');
    const image = document.createElement('img');
    image.src = 'https://fremd.example/bild.png';
    document.body.append(image);
  });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.evaluate(() => { document.body.style.overflowWrap = 'normal'; });
  await until('the violations', () => noted.problems.length >= 2);
  assert.match(noted.problems.join(), /style-src-attr/);
  assert.match(noted.problems.join(), /img-src https:\/\/fremd\.example/);
  assert.match((await violations(page)).join(), /image-alt/);
  assert.match((await sideways(page)).join(), /^page/);
  await context.close();
});

describe('keyboard', () => {
  for (const name of [
    'start', 'start-angemeldet', 'raeume-aendern', 'netztest', 'netztest-gut', 'weiter', 'geraete-an', 'tuer-code-falsch', 'tuer-warteschlange', 'raum-chat', 'raum-organisatorin', 'raum-einladung',
    'raum-neustart', 'raum-70', 'verlassen',
  ]) {
    test(`reaches everything on ${name}`, { timeout: patience }, async () => {
      const { page, context } = await open();
      await screens[name](page, site, counterpart);
      const expected = await page.evaluate(() => {
        let count = 0;
        // Of a group of radio buttons the Tab key reaches the chosen one, the arrow keys the others.
        for (const element of document.querySelectorAll('a[href], button:not(:disabled), input:not([type="radio"]:not(:checked)), select, textarea, summary, [tabindex="0"]')) {
          if (element.checkVisibility()) element.dataset.reach = String(count++);
        }
        return count;
      });
      assert.ok(expected > 2, 'there is something to reach');
      await page.evaluate(() => { document.activeElement?.blur(); });
      const reached = new Set();
      for (let i = 0; i < expected * 2 + 4; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const element = document.activeElement;
          const box = element?.getBoundingClientRect();
          return { reach: element?.dataset.reach, outline: element ? getComputedStyle(element).outlineStyle : '', width: box?.width ?? 0 };
        });
        if (at.reach === undefined) continue;
        reached.add(at.reach);
        assert.notEqual(at.outline, 'none', `focus is visible on element ${at.reach}`);
      }
      assert.equal(reached.size, expected);
      await context.close();
    });
  }

  test('shortcuts work, Escape closes a panel and gives the focus back', { timeout: patience }, async () => {
    const { page, context } = await open();
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
    assert.match(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''), /^Chat/);
    assert.match(await page.getByRole('button', { name: 'Mikrofon einschalten' }).getAttribute('title'), /Alt\+M/);
    await context.close();
  });
});

describe('start page', () => {
  test('a name with umlaut and space is never changed silently', { timeout: patience }, async () => {
    const { page, context } = await open();
    await screens['start-vorschlag'](page, site);
    assert.equal(await page.getByRole('textbox', { name: 'Raumname' }).inputValue(), 'Klasse 5a Größe');
    assert.equal(new URL(page.url()).pathname, '/');
    await page.getByRole('button', { name: 'Klasse-5a-Groesse übernehmen' }).click();
    await page.getByRole('heading', { name: 'Raum Klasse-5a-Groesse' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/Klasse-5a-Groesse');
    await context.close();
  });

  test('logging in opens the way to one’s own room, logging out closes it', { timeout: patience }, async () => {
    const { page, context } = await open();
    await page.goto(site.origin);
    // As a telephone and a copied list would have it.
    await page.getByRole('textbox', { name: 'Zugangsname' }).fill('Ahorn-4827 ');
    await page.getByLabel('Passwort').fill('geheim ');
    const sent = page.waitForRequest('**/api/login');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    assert.deepEqual((await sent).postDataJSON(), { name: 'ahorn-4827', password: 'geheim' });
    await page.getByText('Angemeldet als ahorn-4827').waitFor();
    await page.getByRole('button', { name: 'Raum öffnen' }).waitFor();
    await page.getByRole('button', { name: 'Abmelden' }).click();
    await page.getByRole('button', { name: 'Anmelden' }).waitFor();
    await context.close();
  });

  test('too many attempts count down and then let try again', { timeout: patience }, async () => {
    const { page, context } = await open();
    site.api.login = { status: 429, retryAfter: 2 };
    await page.goto(site.origin);
    await page.getByRole('textbox', { name: 'Zugangsname' }).fill('ahorn-4827');
    await page.getByLabel('Passwort').fill('falsch');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText(/Zu viele Versuche\. Bitte warten Sie noch [12] s\./).waitFor();
    await page.getByText(/Zu viele Versuche/).waitFor({ state: 'detached' });
    site.api.login = { status: 204 };
    await page.getByLabel('Passwort').fill('richtig');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText('Angemeldet als ahorn-4827').waitFor();
    await context.close();
  });

  test('switches to English and back, and remembers it', { timeout: patience }, async () => {
    const { page, context } = await open();
    await page.goto(site.origin);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Welcome to the video classroom' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Welcome to the video classroom' }).waitFor();
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Willkommen im Videoklassenzimmer' }).waitFor();
    await context.close();
  });
});

describe('the way into a room from the start page', () => {
  test('a pasted invitation is read, a link of another site is not followed', { timeout: patience }, async () => {
    const { page, context } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.goto(site.origin);
    const field = page.getByRole('textbox', { name: 'Raumname oder Link' });
    const paste = async (text) => {
      await page.evaluate((words) => navigator.clipboard.writeText(words), text);
      await field.fill('');
      await field.press('Control+v');
    };
    await paste('Einladung\n\nLink: https://fremd.example/Klasse-5a\nCode: 482 713');
    assert.equal(await field.inputValue(), 'https://fremd.example/Klasse-5a');
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('alert').filter({ hasText: 'fremd.example' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
    await paste(`Einladung\n\nLink: ${site.origin}/Klasse-5a\nCode: 482 713`);
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('heading', { name: 'Raum Klasse-5a' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/Klasse-5a');
    await context.close();
  });

  test('a link of the page moves the focus to the new heading, back brings it back', { timeout: patience }, async () => {
    const { page, context } = await open();
    const focused = () => page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent}`);
    await page.goto(site.origin);
    assert.match(await focused(), /^BODY/);
    await page.getByRole('link', { name: 'Netztest' }).click();
    await until('the focus', async () => (await focused()) === 'H1 Netztest');
    assert.match(await page.title(), /^Netztest – /);
    await page.goBack();
    await until('the focus', async () => (await focused()) === 'H1 Willkommen im Videoklassenzimmer');
    assert.equal(new URL(page.url()).pathname, '/');
    await context.close();
  });

  test('the footer leads to every fixed page, in the language of the page', { timeout: patience }, async () => {
    const { page, context } = await open();
    await page.goto(site.origin);
    const links = () => page.getByRole('contentinfo').getByRole('link').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    assert.deepEqual(await links(), ['/hilfe', '/netztest', '/kontakt', '/datenschutz', '/nutzung', '/impressum', '/barrierefreiheit']);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('link', { name: 'Imprint' }).waitFor();
    assert.deepEqual((await links()).filter((href) => href.startsWith('/impressum')), ['/impressum?lang=en']);
    await context.close();
  });
});

describe('my rooms', () => {
  const mine = async (options) => {
    const opened = await open(options);
    await screens.raeume(opened.page, site);
    return opened;
  };

  test('a title of any kind becomes an address, and the room can be begun', { timeout: patience }, async () => {
    const { page, context } = await mine();
    await page.getByRole('textbox', { name: 'Titel des Raums' }).fill('6b: Flüsse & Städte');
    assert.equal(await page.getByRole('textbox', { name: 'Adresse' }).inputValue(), '6b-Fluesse-Staedte');
    await page.getByRole('radio', { name: /Der Code bleibt gleich/ }).check();
    const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/api/rooms'));
    await page.getByRole('button', { name: 'Raum anlegen' }).click();
    assert.deepEqual((await sent).postDataJSON(), { title: '6b: Flüsse & Städte', codeStays: true, address: '6b-Fluesse-Staedte' });
    await page.getByRole('article', { name: '6b: Flüsse & Städte' }).getByText('190 528').waitFor();
    await page.getByRole('link', { name: 'Unterricht beginnen 6b: Flüsse & Städte' }).click();
    await page.getByRole('heading', { name: 'Raum 6b-Fluesse-Staedte' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/6b-Fluesse-Staedte');
    await context.close();
  });

  test('an address that is taken is offered in a free form, and none is asked for an unguessable one', { timeout: patience }, async () => {
    const { page, context } = await open();
    await screens['raeume-vergeben'](page, site);
    await page.getByRole('button', { name: 'Klasse-5a-2 nehmen' }).click();
    await page.getByText('„Klasse 5a“ ist angelegt.').first().waitFor({ state: 'attached' });
    assert.equal(site.api.rooms[0].address, 'Klasse-5a-2');
    await page.getByRole('textbox', { name: 'Titel des Raums' }).fill('Beratung');
    await page.getByRole('radio', { name: /Nicht zu erraten/ }).check();
    assert.equal(await page.getByRole('textbox', { name: 'Adresse' }).count(), 0);
    await page.getByRole('button', { name: 'Raum anlegen' }).click();
    await page.getByRole('article', { name: 'Beratung' }).getByText('k7f2-m9qx-tt4w-b1cz').waitFor();
    await context.close();
  });

  test('the invitation is a text ready for a mail', { timeout: patience }, async () => {
    const { page, context } = await mine({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Einladung kopieren: Klasse 5a – Größe & Gewicht' }).click();
    await page.getByRole('button', { name: 'Kopiert' }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /„Klasse 5a – Größe & Gewicht“\n\nLink: https:\/\/kurs\.kmz\.example\/Klasse-5a-Groesse-Gewicht\nCode für heute: 482 713\n/);
    await context.close();
  });

  test('title, code and end of a room', { timeout: patience }, async () => {
    const { page, context } = await mine();
    const card = (name) => page.getByRole('article', { name });
    await card('Förderkurs Mathematik').getByText('Ändern').click();
    await card('Förderkurs Mathematik').getByRole('button', { name: 'Neuer Code' }).click();
    await card('Förderkurs Mathematik').getByTestId('own-code').filter({ hasText: '660 192' }).waitFor();
    await card('Förderkurs Mathematik').getByRole('checkbox', { name: /Der Code bleibt gleich/ }).uncheck();
    await card('Förderkurs Mathematik').getByText('Code für heute').waitFor();
    await card('Förderkurs Mathematik').getByRole('textbox', { name: 'Titel des Raums' }).fill('Mathe für alle');
    await card('Förderkurs Mathematik').getByRole('button', { name: 'Titel speichern' }).click();
    await card('Mathe für alle').getByRole('button', { name: 'Raum löschen' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(site.api.rooms.length, 3, 'Escape deletes nothing');
    await card('Mathe für alle').getByRole('button', { name: 'Raum löschen' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Raum löschen' }).click();
    await card('Mathe für alle').waitFor({ state: 'detached' });
    assert.deepEqual(site.api.rooms.map((room) => room.title).filter((title) => title === 'Mathe für alle'), []);
    await context.close();
  });

  test('a box shows what was chosen before the server has answered, and goes back when it refuses', { timeout: patience }, async () => {
    const { page, context } = await mine();
    let answer;
    site.api.answerLater = { promise: new Promise((resolve) => { answer = resolve; }), refuse: true };
    const card = page.getByRole('article', { name: 'Förderkurs Mathematik' });
    await card.getByText('Ändern').click();
    const box = card.getByRole('checkbox', { name: /Der Code bleibt gleich/ });
    await box.uncheck();
    assert.equal(await box.isChecked(), false);
    assert.equal(await card.getByText('Code für heute').count(), 0, 'what is read out to the class is what the server has');
    answer();
    await card.getByRole('alert').waitFor();
    assert.equal(await box.isChecked(), true);
    site.api.answerLater = undefined;
    await box.uncheck();
    await card.getByText('Code für heute').waitFor();
    await context.close();
  });

  test('a login that has run out is said, and logging in again shows the rooms', { timeout: patience }, async () => {
    const { page, context } = await mine();
    site.api.organiser = undefined;
    await page.getByRole('textbox', { name: 'Titel des Raums' }).fill('Chemie');
    await page.getByRole('button', { name: 'Raum anlegen' }).click();
    await page.getByRole('alert').filter({ hasText: 'Ihre Anmeldung ist abgelaufen.' }).waitFor();
    await page.reload();
    await page.getByRole('textbox', { name: 'Zugangsname' }).fill('ahorn-4827');
    await page.getByLabel('Passwort').fill('geheim');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByRole('heading', { name: 'Förderkurs Mathematik' }).waitFor();
    await page.getByRole('button', { name: 'Abmelden' }).click();
    await page.getByRole('heading', { name: 'Förderkurs Mathematik' }).waitFor({ state: 'detached' });
    await context.close();
  });
});

test('another device goes on with the lesson, once, and the token stays nowhere', { timeout: patience }, async () => {
  const { page, context, noted } = await open();
  await page.goto(site.origin);
  await screens.weiter(page, site);
  assert.equal(new URL(page.url()).hash, '', 'the token is gone from the address');
  assert.equal(site.api.organiser, undefined, 'nobody is logged in unasked');
  await page.getByRole('button', { name: 'Hier weitermachen' }).click();
  await page.getByRole('checkbox', { name: /Als Organisator\*in öffnen/ }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/Klasse-5a');
  assert.equal(noted.requests.filter((url) => url.includes('EXAMPLETOKEN')).filter((url) => !url.includes('#')).length, 0);
  await page.goBack();
  assert.equal(new URL(page.url()).pathname, '/', 'the link is not in the history');
  await context.close();
});

describe('network test', () => {
  test('devices, the line and the sheet as text, as PDF and on paper', { timeout: patience }, async () => {
    const { page, context, noted } = await open({ permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'], acceptDownloads: true });
    await answerNetworkTest(page, counterpart);
    await page.goto(`${site.origin}/netztest`);
    await page.getByRole('button', { name: 'Test starten' }).click();
    await page.getByText('Bitte sagen Sie kurz etwas.').waitFor();
    await page.getByTestId('verdict').waitFor({ timeout: 90_000 });
    const row = async (step) => page.locator(`[data-step="${step}"]`).getAttribute('data-light');
    for (const step of ['browser', 'microphone', 'camera', 'https', 'socket', 'udp', 'path']) assert.equal(await row(step), 'good', step);
    assert.equal(await row('tls'), 'fair', 'there is no relay here');
    for (const step of ['upload', 'download', 'loss', 'roundTrip']) assert.ok(await row(step), `${step} was measured`);
    assert.equal(await page.evaluate(() => globalThis.connections.filter((c) => c.connectionState !== 'closed').length), 0, 'no connection stays');

    await page.getByRole('button', { name: 'Als Text kopieren' }).click();
    await page.getByRole('button', { name: 'Kopiert' }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /^Netztest für das Videoklassenzimmer\nKreismedienzentrum Musterkreis/);
    assert.match(text, /Servername: localhost\n/);

    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Als PDF speichern' }).click()]);
    assert.equal(download.suggestedFilename(), 'netztest.pdf');
    const pdf = await readFile(await download.path(), 'latin1');
    assert.match(pdf, /^%PDF-1\.7\n/);
    assert.match(pdf, new RegExp(Buffer.from('Servername: localhost', 'latin1').toString('hex')));

    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByRole('button').count(), 0, 'nothing to press on paper');
    assert.equal(await page.getByRole('contentinfo').count(), 0);
    assert.ok(await page.getByText('Servername: localhost').isVisible());
    assert.deepEqual(noted.problems, []);
    await context.close();
  });

  test('a server that has no place for it says so', { timeout: patience }, async () => {
    const { page, context } = await open();
    await answerNetworkTest(page, counterpart, { over: true });
    await page.goto(`${site.origin}/netztest`);
    await page.getByRole('checkbox', { name: /Auch Mikrofon und Kamera/ }).uncheck();
    await page.getByRole('button', { name: 'Test starten' }).click();
    await page.getByText('Gerade testen schon viele.').waitFor();
    await context.close();
  });

  test('leaving the page ends the test', { timeout: patience }, async () => {
    const { page, context } = await open();
    await answerNetworkTest(page, counterpart);
    await page.goto(`${site.origin}/netztest`);
    await page.getByRole('checkbox', { name: /Auch Mikrofon und Kamera/ }).uncheck();
    await page.getByRole('button', { name: 'Test starten' }).click();
    await until('a connection', () => page.evaluate(() => globalThis.connections.some((c) => c.connectionState === 'connected')));
    await page.getByRole('link', { name: /Zur Startseite/ }).click();
    await page.getByRole('heading', { name: 'Willkommen im Videoklassenzimmer' }).waitFor();
    await until('no connection', () => page.evaluate(() => (globalThis.connections ?? []).every((c) => c.connectionState === 'closed')));
    await context.close();
  });
});

describe('privacy', () => {
  test('no device is opened unasked, and the name stays in the tab', { timeout: patience }, async () => {
    const { page, context } = await open();
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
    await context.close();
  });

  test('joining stays possible without camera and microphone', { timeout: patience }, async () => {
    const { page, context } = await open();
    await new Classroom({ counterpart }).attach(page);
    await screens['geraete-verweigert'](page, site);
    await page.getByRole('textbox', { name: 'Ihr Name' }).fill('Alma Beispiel');
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('toolbar').waitFor();
    await context.close();
  });

  for (const [error, words] of [['NotFoundError', 'Es wurde kein Gerät gefunden.'], ['NotReadableError', 'von einem anderen Programm benutzt']]) {
    test(`${error} is explained in words`, { timeout: patience }, async () => {
      const { page, context } = await open();
      await page.addInitScript((name) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name));
      }, error);
      await page.goto(`${site.origin}/Klasse-5a`);
      await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
      await page.getByRole('alert').filter({ hasText: words }).waitFor();
      await context.close();
    });
  }
});

test('the watcher sees what became of a lesson', { timeout: patience }, async () => {
  const { page, context } = await open();
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
  await counterpart.page.evaluate(async (pause) => {
    const senders = [...globalThis.connections].flatMap((c) => c.getSenders()).filter((s) => s.track?.kind === 'video' && s.track.readyState === 'live');
    const tracks = senders.map((s) => s.track);
    await Promise.all(senders.map((s) => s.replaceTrack(null)));
    await new Promise((resolve) => { setTimeout(resolve, pause); });
    await Promise.all(senders.map((s, i) => s.replaceTrack(tracks[i]).catch(() => undefined)));
  }, still);
  await until('frames again', async () => (await watcher.report()).framesDecoded > 5);
  const { longestGap } = await watcher.report();
  assert.ok(longestGap > still - 500, `a gap of ${longestGap} ms`);
  await context.close();
});

describe('room', () => {
  const start = async (options, joinOptions) => {
    const opened = await open();
    const classroom = new Classroom({ counterpart, ...options });
    await classroom.attach(opened.page);
    await join(opened.page, site.origin, joinOptions);
    await opened.page.getByRole('toolbar').waitFor();
    return { ...opened, classroom };
  };

  test('the offer has the agreed shape and is small', { timeout: patience }, async () => {
    const { context, classroom } = await start({ people: [person(0)] });
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
    await context.close();
  });

  test('asks for what is visible, measures the first picture', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { screen: true }), person(1), person(2, { camera: false })] });
    await until('a picture', () => page.locator('video[data-showing="true"]').count().then((n) => n === 3), 60_000);
    const { want } = classroom.last('view');
    assert.deepEqual(want.map((w) => `${w.participant} ${w.source}`), ['p0000 screen', 'p0000 camera', 'p0001 camera']);
    assert.ok(want[0].height > want[1].height);
    const [measure] = await page.evaluate(() => performance.getEntriesByName('beitreten-erstes-bild').map((m) => m.duration));
    assert.ok(measure > 0 && measure < 60_000, `measured ${measure}`);
    await context.close();
  });

  const showing = (page) => page.locator('video[data-showing="true"]').count();
  /** Frames that the page's newest PeerConnection has decoded: "framesDecoded" of the Identifiers for WebRTC Statistics. */
  const decoded = (page) => page.evaluate(async () => {
    let frames = 0;
    for (const report of (await globalThis.connections.at(-1).getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'video') frames += report.framesDecoded;
    }
    return frames;
  });
  const mending = 'Verbindung wird wiederhergestellt …';

  test('a lost socket leaves picture and PeerConnection as they are', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0)] });
    await until('a picture', async () => (await showing(page)) === 1, 60_000);
    await page.locator('video[data-showing="true"]').evaluate((video) => { globalThis.kept = video; });
    await page.evaluate((words) => {
      globalThis.said = false;
      new MutationObserver(() => { globalThis.said ||= document.body.textContent.includes(words); }).observe(document.body, { childList: true, subtree: true });
    }, mending);
    classroom.drop();
    await until('the page is back', () => classroom.count('join') === 2);
    assert.deepEqual(withoutDevice(classroom.last('join')), { type: 'join', name: 'Alma Beispiel', role: 'participant', resume: 'x.y', media: true });
    await until('what is switched is told anew', () => classroom.sent.slice(classroom.sent.findLastIndex((m) => m.type === 'join')).some((m) => m.type === 'state'));
    const before = await decoded(page);
    await until('more frames', async () => (await decoded(page)) > before + 5);
    assert.equal(classroom.count('offer'), 1);
    assert.equal(await page.evaluate(() => globalThis.connections.length), 1);
    assert.equal(await page.evaluate(() => globalThis.kept.isConnected && globalThis.kept.dataset.showing), 'true', 'the same picture');
    assert.equal(await page.evaluate(() => globalThis.said), false, 'nothing is said about a short interruption');
    await context.close();
  });

  test('the lesson goes on visibly while the portal is away, and what happened meanwhile is caught up with', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0), person(1, { camera: false })] });
    await until('a picture', async () => (await showing(page)) === 1, 60_000);
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
    assert.equal(await page.getByTestId('tile').filter({ hasText: 'Mia Beispiel' }).count(), 0);
    await until('the microphone is told', () => classroom.last('state').mic === true);
    assert.equal(classroom.count('offer'), 1);
    await page.getByRole('textbox', { name: 'Nachricht' }).press('Enter');
    await until('the message', () => classroom.count('chat') === 1);
    await context.close();
  });

  test('a server that forgot the media session gets a new offer, and no device is asked for again', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0)], forgetsMedia: true }, { camera: true });
    await until('a picture', async () => (await showing(page)) === 1, 60_000);
    await page.evaluate(() => {
      globalThis.asked = 0;
      navigator.mediaDevices.getUserMedia = () => { globalThis.asked += 1; return Promise.reject(new DOMException('', 'NotAllowedError')); };
    });
    classroom.drop();
    await until('the second offer', () => classroom.count('offer') === 2);
    assert.equal(classroom.last('join').media, true, 'the page asked');
    await until('the picture is back', async () => (await showing(page)) === 1, 60_000);
    await until('the camera stays on', () => classroom.last('state').camera === true);
    assert.equal(await page.evaluate(() => globalThis.asked), 0);
    assert.equal(await page.evaluate(() => globalThis.connections.filter((c) => c.connectionState !== 'closed').length), 1, 'the old one is closed');
    await context.close();
  });

  test('a page whose media has failed does not ask to keep it', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0)] });
    await until('a picture', async () => (await showing(page)) === 1, 60_000);
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
    await until('the picture is back', async () => (await showing(page)) === 1, 60_000);
    await context.close();
  });

  test('after two minutes it is the person’s turn, and one click brings all back', { timeout: patience }, async () => {
    const opened = await open();
    const { page, context } = opened;
    await page.clock.install();
    const classroom = new Classroom({ counterpart, people: [person(0)] });
    await classroom.attach(page);
    await join(page, site.origin);
    await until('a picture', async () => (await showing(page)) === 1, 60_000);
    classroom.refuseConnections = true;
    classroom.drop();
    await giveUp(page);
    await page.getByRole('alert').filter({ hasText: 'Der Server ist seit zwei Minuten nicht erreichbar.' }).waitFor();
    classroom.refuseConnections = false;
    await page.getByRole('button', { name: 'Jetzt verbinden' }).click();
    await until('the page is back', () => classroom.count('join') === 2);
    await page.getByRole('button', { name: 'Jetzt verbinden' }).waitFor({ state: 'detached' });
    await context.close();
  });

  test('an organiser’s page brings the code along, a pupil’s does not', { timeout: patience }, async () => {
    for (const [me, code, brought] of [[self({ role: 'organiser' }), '482713', 'Igel-17'], [self(), undefined, undefined]]) {
      const opened = await open();
      site.api.organiser = me.role === 'organiser' ? 'ahorn-4827' : undefined;
      const { page, context } = opened;
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
      await context.close();
    }
  });

  test('the browser’s drawn ID stays the same and says nothing', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { camera: false })] });
    const first = classroom.last('join').device;
    await page.getByRole('button', { name: 'Raum verlassen' }).click();
    await page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('toolbar').waitFor();
    assert.equal(classroom.last('join').device, first);
    const other = await start({ people: [person(0, { camera: false })] });
    assert.notEqual(other.classroom.last('join').device, first);
    await other.context.close();
    await context.close();
  });

  test('the queue counts down without moving anything, and the door opens by itself', { timeout: patience }, async () => {
    const { page, context } = await open();
    const classroom = new Classroom({ counterpart, door: [{ type: 'queue', place: 12 }] });
    await classroom.attach(page);
    await join(page, site.origin);
    const status = page.getByRole('status').filter({ hasText: 'Gerade sind alle Klassenzimmer besetzt.' });
    await status.filter({ hasText: 'Ihr Raum steht an Stelle 12 der Warteschlange.' }).waitFor();
    await page.getByText('Lassen Sie diese Seite offen: Sie kommen von selbst hinein, meist in wenigen Minuten.').waitFor();
    const box = await status.boundingBox();
    await status.evaluate((element) => { globalThis.kept = element; });
    classroom.send({ type: 'queue', place: 1 });
    await status.filter({ hasText: 'Ihr Raum ist als Nächstes an der Reihe.' }).waitFor();
    assert.deepEqual(await status.boundingBox(), box);
    assert.equal(await page.evaluate(() => globalThis.kept.isConnected), true, 'the live region stays');
    classroom.options.door = undefined;
    classroom.send({ type: 'ended', reason: 'moved' });
    await page.getByRole('toolbar').waitFor();
    assert.equal(classroom.count('join'), 2);
    await context.close();
  });

  test('a room that moves takes everybody along', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0)], forgetsMedia: true });
    await until('a picture', async () => (await showing(page)) === 1, 60_000);
    classroom.send({ type: 'ended', reason: 'moved' });
    await until('the second offer', () => classroom.count('offer') === 2);
    assert.equal(classroom.last('join').resume, 'x.y');
    await until('the picture is back', async () => (await showing(page)) === 1, 60_000);
    await context.close();
  });

  test('somebody inside who has to queue keeps the way back in', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0)] });
    await until('a picture', async () => (await showing(page)) === 1, 60_000);
    classroom.send({ type: 'queue', place: 2 });
    await page.getByText('Ihr Raum steht an Stelle 2 der Warteschlange.').waitFor();
    classroom.send({ type: 'ended', reason: 'moved' });
    await page.getByRole('toolbar').waitFor();
    assert.deepEqual(withoutDevice(classroom.last('join')), { type: 'join', name: 'Alma Beispiel', role: 'participant', resume: 'x.y' });
    await until('the picture is back', async () => (await showing(page)) === 1, 60_000);
    await context.close();
  });

  test('the announced restart can be put away, comes back and ends the room', { timeout: patience }, async () => {
    const { page, context } = await open();
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
    await context.close();
  });

  test('a restart that nobody announced is a mishap: the lesson goes on', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { camera: false })], forgetsMedia: true });
    classroom.send({ type: 'ended', reason: 'restart' });
    await until('the page is back', () => classroom.count('join') === 2);
    await page.getByRole('toolbar').waitFor();
    await context.close();
  });

  test('the organiser locks and unlocks, and everybody sees it', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ me: self({ role: 'organiser' }), code: '482713', people: [person(1, { camera: false })] });
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
    await context.close();

    const pupil = await start({ people: [person(0, { camera: false })], locked: true });
    await pupil.page.getByRole('button', { name: 'Personen, 2 anwesend, Raum abgeschlossen' }).click();
    await pupil.page.getByText('Der Raum ist abgeschlossen: Es kommt niemand Neues herein.').waitFor();
    assert.equal(await pupil.page.getByRole('switch').count(), 0);
    assert.equal(await pupil.page.getByRole('button', { name: /entfernen/ }).count(), 0);
    await pupil.context.close();
  });

  test('a pupil is removed only after a second thought', { timeout: patience }, async () => {
    const quiet = { camera: false };
    const { page, context, classroom } = await start({
      me: self({ role: 'organiser' }), code: '482713', people: [person(0, quiet), person(1, quiet), person(2, quiet)],
    });
    await page.getByRole('button', { name: /Personen/ }).click();
    for (const name of ['Frau Ahorn', 'Alma Beispiel', 'Mia Beispiel', 'Ben Muster']) await page.getByRole('button', { name: `${name} verwalten` }).click();
    assert.equal(await page.getByRole('button', { name: /aus dem Raum entfernen$/ }).count(), 2, 'no organiser can be removed, nor oneself');
    const open = page.getByRole('button', { name: 'Mia Beispiel aus dem Raum entfernen' });
    const dialog = page.getByRole('dialog', { name: 'Mia Beispiel aus dem Raum entfernen?' });
    await open.focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Abbrechen', 'Enter again changes nothing');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await open.waitFor();
    assert.match(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''), /^Mia Beispiel/);
    assert.equal(classroom.count('remove'), 0);
    await open.click();
    await dialog.getByRole('button', { name: 'Entfernen' }).click();
    await open.waitFor({ state: 'detached' });
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(classroom.last('remove'), { type: 'remove', participant: 'p0001' });
    await page.getByRole('button', { name: 'Ben Muster aus dem Raum entfernen' }).waitFor();
    await context.close();
  });

  for (const [what, last] of [['thrown out', { type: 'ended', reason: 'removed' }], ['not let in again', { type: 'refused', code: 'removed' }]]) {
    test(`who is ${what} is told kindly and not sent in circles`, { timeout: patience }, async () => {
      const { page, context, classroom } = await start({ people: [person(0, { camera: false })] }, { camera: true });
      classroom.send(last);
      await page.getByRole('button', { name: 'Zur Startseite' }).waitFor();
      await page.getByText('War das ein Versehen?').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Wieder beitreten' }).count(), 0);
      assert.equal(classroom.count('join'), 1);
      assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage).includes('x.y')), false, 'the way back is forgotten');
      await context.close();
    });
  }

  test('a locked door opens to the code', { timeout: patience }, async () => {
    const { page, context } = await open();
    const classroom = new Classroom({ counterpart, door: [{ type: 'door', state: 'locked' }] });
    await classroom.attach(page);
    await join(page, site.origin);
    await page.getByRole('heading', { name: 'Der Raum ist abgeschlossen' }).waitFor();
    classroom.send({ type: 'door', state: 'code' });
    await page.getByRole('textbox', { name: 'Raumcode' }).waitFor();
    await context.close();
  });

  test('who is away is marked until they are back', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { camera: false }), person(1, { camera: false })] });
    const tile = page.getByTestId('tile').filter({ hasText: 'Mia Beispiel' });
    classroom.send({ type: 'participantAway', id: 'p0001', away: true });
    await tile.filter({ hasText: 'Verbindung unterbrochen' }).waitFor();
    await page.getByRole('button', { name: /Personen/ }).click();
    const item = page.getByRole('complementary').getByRole('listitem').filter({ hasText: 'Mia Beispiel' });
    await item.filter({ hasText: 'Verbindung unterbrochen' }).waitFor();
    classroom.send({ type: 'participantAway', id: 'p0001', away: false });
    await item.filter({ hasNotText: 'Verbindung unterbrochen' }).waitFor();
    await tile.filter({ hasNotText: 'Verbindung unterbrochen' }).waitFor();
    assert.equal(await page.getByText('Verbindung unterbrochen').count(), 0);
    await context.close();
  });

  test('a reload keeps the way back in', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { camera: false })] });
    await page.reload();
    await until('the page is back without a click', () => classroom.count('join') === 2);
    await page.getByRole('toolbar').waitFor();
    assert.deepEqual(withoutDevice(classroom.last('join')), { type: 'join', name: 'Alma Beispiel', role: 'participant', resume: 'x.y' });
    await context.close();
  });

  test('a page that is out of date is loaded anew once, and then says so', { timeout: patience }, async () => {
    const { page, context } = await open();
    const classroom = new Classroom({ counterpart, door: [{ type: 'refused', code: 'outdated' }] });
    await classroom.attach(page);
    await join(page, site.origin);
    await page.getByRole('button', { name: 'Beitreten' }).waitFor();
    await until('the first attempt', () => classroom.count('join') === 1);
    await page.getByRole('textbox', { name: 'Ihr Name' }).fill('Alma Beispiel');
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('heading', { name: 'Die Seite ist veraltet' }).waitFor();
    await page.getByRole('button', { name: 'Seite neu laden' }).waitFor();
    await context.close();
  });

  test('who is muted hears why, and what may not be used says so instead of doing it', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { camera: false })] });
    await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
    await until('the microphone', () => classroom.last('state')?.mic === true);
    classroom.send({ type: 'muted', source: 'microphone', why: 'organiser' });
    await page.getByTestId('notice').filter({ hasText: 'Die Lehrkraft hat Ihr Mikrofon stummgeschaltet.' }).waitFor();
    await until('the track is silent', () => classroom.last('state').mic === false);
    await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
    await page.getByTestId('notice').waitFor({ state: 'detached' });
    classroom.send({ type: 'settings', ...classroom.settings(), microphones: false });
    const denied = page.getByRole('button', { name: /^Mikrofon einschalten\. Das ist in diesem Unterricht gerade nicht erlaubt/ });
    await denied.waitFor();
    await until('it is off at once', () => classroom.last('state').mic === false);
    // It can be pressed although it is marked as disabled: then it says why.
    await denied.click({ force: true });
    await page.getByTestId('notice').filter({ hasText: 'Das ist in diesem Unterricht gerade nicht erlaubt.' }).waitFor();
    await denied.waitFor();
    assert.equal(classroom.last('state').mic, false);
    await context.close();
  });

  test('a short bar keeps what matters and has the rest behind one button', { timeout: patience }, async () => {
    const { page, context } = await start({ me: self({ role: 'organiser' }), code: '482713', people: [person(1, { camera: false })] });
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
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Mehr Funktionen');
    assert.deepEqual(await sideways(page), []);
    await context.close();
  });

  test('chat: text stays text, unread is counted, what others write is announced', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { camera: false })] });
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
    await context.close();
  });

  test('camera and microphone are switched without a new offer', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ people: [person(0, { camera: false })] });
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
    await context.close();
  });

  test('who may not share the screen is told why', { timeout: patience }, async () => {
    const pupil = await start({ people: [person(0, { camera: false })], settings: { screens: false } });
    await pupil.page.getByRole('button', { name: 'Bildschirm teilen. Das ist in diesem Unterricht gerade nicht erlaubt.' }).waitFor();
    await pupil.context.close();
    const teacher = await start({ me: self({ role: 'organiser' }), code: '482713' });
    await teacher.page.getByRole('button', { name: 'Bildschirm teilen' }).waitFor();
    await teacher.context.close();
  });

  test('the organiser changes the code', { timeout: patience }, async () => {
    const { page, context, classroom } = await start({ me: self({ role: 'organiser' }), code: '482713', people: [person(1, { camera: false })] });
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
    await context.close();
  });

  test('a wrong code counts down, the right one opens', { timeout: patience }, async () => {
    const { page, context } = await open();
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
    await context.close();
  });

  for (const reason of ['account-disabled', 'replaced']) {
    test(`ended (${reason}) is explained and closes all devices`, { timeout: patience }, async () => {
      const { page, context, classroom } = await start({ people: [person(0, { camera: false })] }, { camera: true });
      classroom.send({ type: 'ended', reason });
      await page.getByRole('button', { name: 'Wieder beitreten' }).waitFor();
      await page.getByRole('button', { name: 'Wieder beitreten' }).click();
      await page.getByRole('button', { name: 'Kamera einschalten' }).waitFor();
      await context.close();
    });
  }
});
