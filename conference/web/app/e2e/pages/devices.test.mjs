// Cameras, microphones, screens and lines in a real browser with pretended devices: what goes wrong with them and what the page says.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sideways, violations } from '../accessible.mjs';
import { becomes, launchStrict, until } from '../browser.mjs';
import { person, self } from '../classroom.mjs';
import { serve } from '../site.mjs';
import { patiently } from './fixture.mjs';
import { button, check, openView, people, pictures, useDevices } from './instrumented.mjs';

const { open, enter } = useDevices();

describe('before joining', () => {
  const failures = [
    ['NotAllowedError', 'Klicken Sie links neben der Adresse auf das Symbol', true],
    ['NotReadableError', 'von einem anderen Programm benutzt', false],
    ['NotFoundError', 'Es wurde kein Gerät gefunden', false],
    ['TypeError', 'Dieser Browser kann die Kamera hier nicht benutzen', false],
  ];
  for (const [name, words, picture] of failures) {
    test(`${name} is explained and can be tried again`, patiently, async (t) => {
      const { page, site, noted } = await open(t);
      await check(page, site);
      await page.evaluate((fail) => { globalThis.held.fail = fail; }, name);
      await button(page, 'Kamera einschalten').click();
      const alert = page.getByRole('alert').filter({ hasText: 'Kamera nicht verfügbar' });
      await alert.getByText(words).waitFor();
      assert.equal(await alert.locator('svg[viewBox="0 0 320 92"]').count(), picture ? 1 : 0);
      for (const [width, height] of picture ? [[1280, 800], [320, 640]] : []) {
        await page.setViewportSize({ width, height });
        await becomes(`sideways at ${width}`, () => sideways(page), []);
        assert.deepEqual(await violations(page), [], `axe-core at ${width}`);
      }
      await page.evaluate(() => { globalThis.held.fail = undefined; });
      await alert.getByRole('button', { name: 'Noch einmal versuchen' }).click();
      await button(page, 'Kamera ausschalten').waitFor();
      await becomes('no alert', () => page.getByRole('alert').count(), 0);
      assert.deepEqual(noted.problems, []);
    });
  }

  test('the words and the picture are those of the browser', patiently, async (t) => {
    const agents = {
      'durchgestrichene Symbol': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      'Einstellungen für diese Website': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Website-Einstellungen': 'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    };
    for (const [words, userAgent] of Object.entries(agents)) {
      const { page, site } = await open(t);
      await page.addInitScript((agent) => { Object.defineProperty(navigator, 'userAgent', { get: () => agent }); }, userAgent);
      await check(page, site);
      await page.evaluate(() => { globalThis.held.fail = 'NotAllowedError'; });
      await button(page, 'Mikrofon einschalten').click();
      await page.getByRole('alert').getByText(words).waitFor();
    }
  });

  test('a refused permission, for real', patiently, async () => {
    // Without the pretended click on "Zulassen" a headless browser refuses.
    const strict = await launchStrict();
    const site = await serve();
    try {
      const context = await strict.newContext({ locale: 'de-DE', permissions: [] });
      const page = await context.newPage();
      await page.goto(`${site.origin}/Klasse-5a`);
      await button(page, 'Mikrofon einschalten').click();
      await page.getByRole('alert').getByText('Mikrofon nicht verfügbar').waitFor();
      await page.getByRole('alert').getByText('stellen Sie das Mikrofon auf „Zulassen“').waitFor();
    } finally {
      await strict.close();
      await site.close();
    }
  });

  test('preview as in a mirror, level, test tone, another camera', patiently, async (t) => {
    const { page, site } = await open(t);
    await check(page, site);
    await button(page, 'Kamera einschalten').click();
    const preview = page.locator('video');
    await until('the preview to run', () => preview.evaluate((video) => video.videoWidth > 0 && !video.paused));
    await becomes('as in a mirror', () => preview.evaluate((video) => getComputedStyle(video).transform), 'matrix(-1, 0, 0, 1, 0, 0)');
    await button(page, 'Mikrofon einschalten').click();
    const level = page.getByRole('meter', { name: 'Mikrofonpegel' });
    await until('the level to rise', async () => Number(await level.getAttribute('aria-valuenow')) > 10);
    const asked = await page.evaluate(() => globalThis.held.asked.find((a) => a.constraints.audio).constraints.audio);
    assert.deepEqual([asked.echoCancellation, asked.noiseSuppression, asked.autoGainControl], [true, true, true]);
    const cameras = page.getByRole('combobox', { name: 'Kamera' });
    await until('both cameras', () => cameras.locator('option').count().then((n) => n === 2));
    const before = await page.evaluate(() => globalThis.held.tracks.find((t) => t.kind === 'video').label);
    await cameras.selectOption({ index: 1 });
    await until('the other camera', () => page.evaluate((label) => {
      const live = globalThis.held.tracks.filter((t) => t.kind === 'video' && t.readyState === 'live');
      return live.length === 1 && live[0].label !== label;
    }, before));
    await button(page, 'Testton').click();
    await until('the test tone', () => page.evaluate(() => globalThis.held.audio.some((a) => !a.paused)));
  });
});

describe('in the lesson', () => {
  test('an unplugged headset is replaced and named, a silenced one can be switched on again', patiently, async (t) => {
    const { page, noted } = await enter(t, { people: people(2) }, { mic: true });
    await page.evaluate(() => { globalThis.held.tracks.at(-1).dispatchEvent(new Event('ended')); });
    const banner = page.getByTestId('device-banner');
    await banner.getByText('Das Mikrofon ist nicht mehr da. Jetzt wird benutzt: ').waitFor();
    await button(page, 'Mikrofon stummschalten').waitFor();
    assert.deepEqual(await violations(page), []);
    await banner.getByRole('button', { name: 'Schließen' }).click();
    await page.evaluate(() => { globalThis.held.tracks.at(-1).dispatchEvent(new Event('mute')); });
    await page.getByText('Ihr Gerät hat das Mikrofon angehalten').waitFor();
    const opened = await page.evaluate(() => globalThis.held.tracks.length);
    await button(page, 'Wieder einschalten').click();
    await until('the microphone anew', () => page.evaluate((n) => globalThis.held.tracks.length > n, opened));
    await until('the banner to go', () => banner.count().then((n) => n === 0));
    assert.deepEqual(noted.problems, []);
  });

  test('another microphone is sent at once', patiently, async (t) => {
    const { page } = await enter(t, { people: people(2) }, { mic: true });
    await openView(page);
    const choice = page.getByRole('combobox', { name: 'Mikrofon' });
    const options = await until('more than one microphone', () => choice.locator('option').count().then((n) => n > 1 && n));
    await choice.selectOption({ index: options - 1 });
    await until('the sender to have it', () => page.evaluate(() => {
      const [microphone] = globalThis.connections.at(-1).getTransceivers();
      const live = globalThis.held.tracks.filter((t) => t.kind === 'audio' && t.readyState === 'live');
      return live.length === 1 && microphone.sender.track === live[0] && globalThis.held.tracks.length > 1;
    }));
  });

  test('a screen is shared with its sound, tuned for films on wish, and stopped from the browser’s bar', patiently, async (t) => {
    const { page, classroom, noted } = await enter(t, { people: people(2), me: self({ role: 'organiser' }) });
    await pictures(page, 1);
    // Chromium's pretended screen is silent: a tone takes the part of what it plays.
    await page.evaluate(() => {
      const real = navigator.mediaDevices.getDisplayMedia;
      navigator.mediaDevices.getDisplayMedia = async (constraints) => {
        const stream = await real(constraints);
        for (const track of stream.getAudioTracks()) stream.removeTrack(track);
        const context = new AudioContext();
        const target = context.createMediaStreamDestination();
        const tone = context.createOscillator();
        tone.connect(target);
        tone.start();
        const [sound] = target.stream.getAudioTracks();
        stream.addTrack(sound);
        globalThis.held.screen = stream;
        return stream;
      };
    });
    await button(page, 'Bildschirm teilen').click();
    await until('the screen to be told', () => classroom.last('state')?.screen === true);
    await until('sound and picture to be sent', () => page.evaluate(async () => {
      const connection = globalThis.connections.at(-1);
      const [, , screen, sound] = connection.getTransceivers();
      const sent = async (transceiver) => [...(await transceiver.sender.getStats()).values()].find((s) => s.type === 'outbound-rtp')?.packetsSent ?? 0;
      return (await sent(screen)) > 0 && (await sent(sound)) > 50;
    }));
    const asked = await page.evaluate(() => globalThis.held.asked.at(-1).constraints);
    assert.equal(asked.audio, true);
    await becomes('tuned for letters', () => page.evaluate(() => globalThis.held.screen.getVideoTracks()[0].contentHint), 'detail');
    await openView(page);
    await page.getByRole('checkbox', { name: 'Film flüssig zeigen' }).check();
    await becomes('tuned for films', () => page.evaluate(() => globalThis.held.screen.getVideoTracks()[0].contentHint), 'motion');
    await page.evaluate(() => { globalThis.held.screen.getVideoTracks()[0].dispatchEvent(new Event('ended')); });
    await until('the end to be told', () => classroom.last('state')?.screen === false);
    await becomes('the sound to end as well', () => page.evaluate(() => globalThis.held.screen.getAudioTracks()[0].readyState), 'ended');
    assert.deepEqual(noted.problems, []);
  });

  test('the sound of somebody’s screen plays beside the voices; the relay is used as the server gave it', patiently, async (t) => {
    const ice = { urls: ['turns:localhost:443?transport=tcp'], username: '1795248600.abc', credential: 'geheim', seconds: 600 };
    const { page, classroom } = await enter(t, { people: people(3, (i) => (i === 0 ? { screen: true } : {})), ice });
    await pictures(page, 1);
    const audio = classroom.slots.audio.map((slot) => slot.mid);
    classroom.send({ ...classroom.slots, audio: [{ mid: audio[0], participant: 'p0000' }, { mid: audio[0], participant: 'p0000', source: 'screen' }] });
    await until('the sound to play', () => page.evaluate(() => globalThis.held.audio.filter((a) => a.srcObject && !a.paused).length === 5));
    const [server] = await page.evaluate(() => globalThis.connections.at(-1).getConfiguration().iceServers);
    assert.deepEqual([[server.urls].flat(), server.username, server.credential], [ice.urls, ice.username, ice.credential]);
    await openView(page);
    await page.locator('[data-testid="line-status"] [data-path="udp"]').waitFor();
  });

  test('a weak line is told to the server, said in a sentence, and a remedy is offered when it lasts', patiently, async (t) => {
    const { page, classroom } = await enter(t, { people: people(6) }, { camera: true });
    await pictures(page, 3);
    await until('media to be connected', () => page.evaluate(() => globalThis.connections.at(-1).connectionState === 'connected'));
    const advice = page.getByTestId('line-advice');
    classroom.send({ type: 'participantChanged', participant: person(0, { line: 'weak' }) });
    classroom.send({ type: 'speakers', ids: ['p0000'] });
    await advice.getByText('Die Leitung von Frau Ahorn ist schwach.').waitFor();
    await page.getByTestId('tile').filter({ hasText: 'Frau Ahorn' }).getByTestId('line').waitFor();
    assert.deepEqual(await violations(page), []);
    classroom.send({ type: 'participantChanged', participant: person(0) });
    await until('the sentence to go', () => advice.count().then((n) => n === 0));
    await page.evaluate(noteAdvice);
    await page.evaluate(() => { globalThis.held.upLoss = 0.2; });
    await until('the server to know', () => classroom.last('line')?.level === 'bad');
    await advice.getByText('Ihre Leitung ist gerade schwach: Die anderen sehen und hören Sie schlecht.').waitFor();
    await advice.getByRole('button', { name: 'Nur Ton' }).waitFor();
    assert.deepEqual(await page.evaluate(() => globalThis.advised), ['sentence', 'remedy'], 'no remedy at once');
    assert.equal(await page.locator('[data-testid="tile"] video').count() > 0, true, 'nothing is changed unasked');
    assert.deepEqual(await violations(page), []);
    await advice.getByRole('button', { name: 'Nur Ton' }).click();
    await until('sound only', () => classroom.last('view').want.length === 0);
    await until('the camera to be off', () => classroom.last('state').camera === false);
    for (let i = 1; i < 5; i++) classroom.send({ type: 'participantChanged', participant: person(i, { line: 'bad' }) });
    await advice.getByText('Das liegt nicht an Ihnen').waitFor();
  });
});

/* Runs in the page: notes in `globalThis.advised` in which order the sentence about the own line and the remedy were shown. */
function noteAdvice() {
  globalThis.advised = [];
  const look = () => {
    const advice = document.querySelector('[data-testid="line-advice"]');
    const shown = [];
    if (advice?.textContent.includes('Ihre Leitung ist gerade schwach')) shown.push('sentence');
    if ([...(advice?.querySelectorAll('button') ?? [])].some((one) => one.textContent === 'Nur Ton')) shown.push('remedy');
    const news = shown.filter((what) => !globalThis.advised.includes(what));
    if (news.length > 0) globalThis.advised.push(news.join(' and '));
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}
