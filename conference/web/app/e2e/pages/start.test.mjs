// The start page: names of rooms, login, language, a pasted invitation, ways to the other pages and back.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { becomes, until } from '../browser.mjs';
import { screens } from '../screens.mjs';
import { patiently, useBrowser } from './fixture.mjs';

const { open } = useBrowser();

const pathOf = (page) => new URL(page.url()).pathname;

describe('start page', () => {
  test('a name with umlaut and space is never changed silently', patiently, async (t) => {
    const { page, site } = await open(t);
    await screens['start-vorschlag'](page, site);
    assert.equal(await page.getByRole('textbox', { name: 'Raumname' }).inputValue(), 'Klasse 5a Größe');
    assert.equal(pathOf(page), '/');
    await page.getByRole('button', { name: 'Klasse-5a-Groesse übernehmen' }).click();
    await page.getByRole('heading', { name: 'Raum Klasse-5a-Groesse' }).waitFor();
    assert.equal(pathOf(page), '/Klasse-5a-Groesse');
  });

  test('logging in opens the way to one’s own room, logging out closes it', patiently, async (t) => {
    const { page, site } = await open(t);
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
  });

  test('too many attempts count down and then let try again', patiently, async (t) => {
    const { page, site } = await open(t);
    await page.clock.install();
    site.api.login = { status: 429, retryAfter: 30 };
    await page.goto(site.origin);
    await page.getByRole('textbox', { name: 'Zugangsname' }).fill('ahorn-4827');
    await page.getByLabel('Passwort').fill('falsch');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText(/Zu viele Versuche\. Bitte warten Sie noch (30|[12]\d) s\./).waitFor();
    await page.clock.runFor(20_000);
    await page.getByText(/Zu viele Versuche\. Bitte warten Sie noch (10|\d) s\./).waitFor();
    await page.clock.runFor(10_000);
    await page.getByText(/Zu viele Versuche/).waitFor({ state: 'detached' });
    site.api.login = { status: 204 };
    await page.getByLabel('Passwort').fill('richtig');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText('Angemeldet als ahorn-4827').waitFor();
  });

  test('switches to English and back, and remembers it', patiently, async (t) => {
    const { page, site } = await open(t);
    await page.goto(site.origin);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Welcome to the video classroom' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Welcome to the video classroom' }).waitFor();
    await becomes('the language', () => page.getAttribute('html', 'lang'), 'en');
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Willkommen im Videoklassenzimmer' }).waitFor();
  });
});

describe('the way into a room from the start page', () => {
  test('a pasted invitation is read, a link of another site is not followed', patiently, async (t) => {
    const { page, site } = await open(t, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.goto(site.origin);
    const field = page.getByRole('textbox', { name: 'Raumname oder Link' });
    const paste = async (text) => {
      await page.evaluate((words) => navigator.clipboard.writeText(words), text);
      await field.fill('');
      await field.press('Control+v');
    };
    await paste('Einladung\n\nLink: https://fremd.example/Klasse-5a\nCode: 482 713');
    await becomes('the link alone', () => field.inputValue(), 'https://fremd.example/Klasse-5a');
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('alert').filter({ hasText: 'fremd.example' }).waitFor();
    assert.equal(pathOf(page), '/');
    await paste(`Einladung\n\nLink: ${site.origin}/Klasse-5a\nCode: 482 713`);
    await becomes('the other link', () => field.inputValue(), `${site.origin}/Klasse-5a`);
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByRole('heading', { name: 'Raum Klasse-5a' }).waitFor();
    assert.equal(pathOf(page), '/Klasse-5a');
  });

  test('a link of the page moves the focus to the new heading, back brings it back', patiently, async (t) => {
    const { page, site } = await open(t);
    const focused = () => page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent}`);
    await page.goto(site.origin);
    assert.match(await focused(), /^BODY/);
    await page.getByRole('link', { name: 'Netztest' }).click();
    await becomes('the focus', focused, 'H1 Netztest');
    await until('the title', async () => (await page.title()).startsWith('Netztest – '));
    await page.goBack();
    await becomes('the focus', focused, 'H1 Willkommen im Videoklassenzimmer');
    assert.equal(pathOf(page), '/');
  });

  test('the footer leads to every fixed page, in the language of the page', patiently, async (t) => {
    const { page, site } = await open(t);
    await page.goto(site.origin);
    const links = () => page.getByRole('contentinfo').getByRole('link').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    await becomes('the links', links, ['/hilfe', '/netztest', '/kontakt', '/datenschutz', '/nutzung', '/impressum', '/barrierefreiheit']);
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('link', { name: 'Imprint' }).waitFor();
    await becomes('the English page', async () => (await links()).filter((href) => href.startsWith('/impressum')), ['/impressum?lang=en']);
  });
});
