// Every screen of the page: accessible by sight and by keyboard, whole on small screens, no request to another host, nothing against the security policy.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settled, sideways, violations } from '../accessible.mjs';
import { becomes, until } from '../browser.mjs';
import { screens } from '../screens.mjs';
import { patiently, useBrowser } from './fixture.mjs';

const { open } = useBrowser();

/** Of these, different in what there is to reach, the keyboard has to reach everything. */
const byKeyboard = new Set([
  'start', 'start-angemeldet', 'raeume-aendern', 'netztest', 'netztest-gut', 'weiter', 'geraete-an', 'tuer-code-falsch', 'tuer-warteschlange', 'raum-chat',
  'raum-organisatorin', 'raum-einladung', 'raum-neustart', 'raum-70', 'verlassen',
]);

// Two at a time: what they mostly do is wait for each other's processes.
describe('screen', { concurrency: 2 }, () => {
  for (const [name, show] of Object.entries(screens)) {
    test(name, patiently, async (t) => {
      const { page, noted, site, counterpart } = await open(t);
      counterpart.slowDown();
      await show(page, site, counterpart);
      for (const [colorScheme, width] of [['light', 1280], ['dark', 360]]) {
        await page.setViewportSize({ width, height: 740 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await settled(page, colorScheme);
        assert.deepEqual(await violations(page), [], `axe-core, ${colorScheme}, ${width} px`);
        await becomes(`sideways, ${width} px`, () => sideways(page), []);
      }
      // WCAG 2.2, 1.4.10: 1280 × 1024 at a zoom of 400 %.
      await page.setViewportSize({ width: 320, height: 256 });
      await settled(page, 'dark');
      await becomes('sideways, zoom 400 %', () => sideways(page), []);
      assert.equal(await page.getAttribute('html', 'lang'), 'de');
      assert.equal(await page.locator('h1').count(), 1, 'one main heading');
      const foreign = noted.requests.filter((url) => !url.startsWith(site.origin) && !url.startsWith(site.origin.replace('http', 'ws')));
      assert.deepEqual(foreign, [], 'requests to other hosts');
      if (byKeyboard.has(name)) {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.emulateMedia({ colorScheme: 'light' });
        await settled(page, 'light');
        await t.test('the keyboard reaches everything', () => reachAll(page));
      }
      assert.deepEqual(noted.problems, []);
    });
  }

  test('all are there that the keyboard is tried on', () => {
    assert.deepEqual([...byKeyboard].filter((name) => !(name in screens)), []);
  });
});

/** Presses the Tab key until it has been everywhere, and looks whether the focus can be seen there. */
async function reachAll(page) {
  // Of a group of radio buttons the Tab key reaches the chosen one, the arrow keys the others.
  const left = () =>
    page.evaluate(() => {
      const all = document.querySelectorAll('a[href], button:not(:disabled), input:not([type="radio"]:not(:checked)), select, textarea, summary, [tabindex="0"]');
      const visible = [...all].filter((element) => element.checkVisibility());
      const element = document.activeElement;
      if (visible.includes(element)) element.dataset.reached = getComputedStyle(element).outlineStyle;
      const missed = visible.filter(({ dataset }) => dataset.reached === undefined).map((one) => one.outerHTML.slice(0, 120));
      const unseen = visible.filter(({ dataset }) => dataset.reached === 'none').map((one) => one.outerHTML.slice(0, 120));
      return { count: visible.length, missed, unseen };
    });
  await page.evaluate(() => { document.activeElement?.blur(); });
  const { count } = await left();
  assert.ok(count > 2, 'there is something to reach');
  let state;
  for (let i = 0; i < count * 2 + 4; i++) {
    await page.keyboard.press('Tab');
    state = await left();
    assert.deepEqual(state.unseen, [], 'the focus is visible');
    if (state.missed.length === 0) break;
  }
  assert.deepEqual(state.missed, [], 'reached by the Tab key');
}

test('the checks see what they are meant to see', patiently, async (t) => {
  const { page, noted, site } = await open(t);
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
  await page.evaluate(() => {
    const button = document.createElement('button');
    button.textContent = 'x';
    button.tabIndex = -1;
    document.body.append(button);
  });
  await assert.rejects(reachAll(page), /reached by the Tab key/);
});
