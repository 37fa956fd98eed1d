// The screens around the lesson: start page, rooms of one's own, another device, network test. How to reach each; see screens.mjs.
import { ownRoom } from './site.mjs';

const rooms = [
  ownRoom('Klasse 5a – Größe & Gewicht', 'Klasse-5a-Groesse-Gewicht'),
  ownRoom('Förderkurs Mathematik', 'k7f2-m9qx-tt4w-b1cz', { secret: true, codeStays: true, code: '306417' }),
  ownRoom('Elternabend der Grundschule am Hohenbuchener Waldrand, alle vierten Klassen', 'Elternabend-4'),
];

const startButton = (page) => page.getByRole('button', { name: 'Test starten' });

async function mine(page, site, list) {
  site.api.organiser = 'ahorn-4827';
  site.api.rooms = list;
  await page.goto(`${site.origin}/meine-raeume`);
  await page.getByRole('heading', { name: 'Ihre Räume' }).waitFor();
}

/** Devices take their time and are tested elsewhere. */
async function withoutDevices(page, site) {
  await page.goto(`${site.origin}/netztest`);
  await page.getByRole('checkbox', { name: /Auch Mikrofon und Kamera/ }).uncheck();
}

/** Answers the network test's socket with a second page of the browser, which stands in for the server; no relay unless `ice` is given. */
export async function answerNetworkTest(page, counterpart, { over = false } = {}) {
  await page.routeWebSocket(/\/api\/nettest\/ws$/, (socket) => {
    const say = (message) => socket.send(JSON.stringify(message));
    say(over ? { type: 'over' } : { type: 'ice', urls: [], username: '', credential: '', seconds: 60 });
    socket.onMessage(async (text) => {
      const { type, sdp } = JSON.parse(text);
      if (type !== 'offer') return;
      const answer = await counterpart.answer(sdp, [{ kind: 'noise', hue: 0, width: 640, height: 360 }]);
      say({ type: 'answer', sdp: answer.sdp });
    });
  });
}

export const pageScreens = {
  'raeume-anmelden': async (page, site) => {
    await page.goto(`${site.origin}/meine-raeume`);
    await page.getByRole('button', { name: 'Anmelden' }).waitFor();
  },
  'raeume-leer': async (page, site) => {
    await mine(page, site, []);
    await page.getByText('Sie haben noch keine Räume.').waitFor();
  },
  'raeume': async (page, site) => {
    await mine(page, site, rooms);
    await page.getByRole('heading', { name: 'Förderkurs Mathematik' }).waitFor();
  },
  'raeume-qr': async (page, site) => {
    await mine(page, site, rooms);
    await page.getByText('QR-Code zeigen').first().click();
    await page.getByRole('img', { name: /QR-Code mit dem Link/ }).waitFor();
  },
  'raeume-aendern': async (page, site) => {
    await mine(page, site, rooms);
    await page.getByText('Ändern').first().click();
    await page.getByRole('button', { name: 'Neuer Code' }).waitFor();
  },
  'raeume-loeschen': async (page, site) => {
    await mine(page, site, rooms);
    await page.getByText('Ändern').first().click();
    await page.getByRole('button', { name: 'Raum löschen' }).click();
    await page.getByRole('dialog').waitFor();
  },
  'raeume-vergeben': async (page, site) => {
    await mine(page, site, rooms);
    await page.getByRole('textbox', { name: 'Titel des Raums' }).fill('Klasse 5a');
    await page.getByRole('button', { name: 'Raum anlegen' }).click();
    await page.getByRole('button', { name: 'Klasse-5a-2 nehmen' }).waitFor();
  },
  'raeume-fehlt': async (page, site) => {
    site.api.lost = /MyRoomsPage.*\.js$/;
    try {
      await page.goto(`${site.origin}/meine-raeume`);
      await page.getByText('Ein Teil der Seite konnte nicht geladen werden.').waitFor();
    } finally {
      site.api.lost = undefined;
    }
  },
  'weiter': async (page, site) => {
    site.api.handover = 'EXAMPLETOKENEXAMPLETOKEN26';
    await page.goto(`${site.origin}/weiter#raum=Klasse-5a&token=EXAMPLETOKENEXAMPLETOKEN26`);
    await page.getByRole('button', { name: 'Hier weitermachen' }).waitFor();
  },
  'weiter-abgelaufen': async (page, site) => {
    site.api.handover = undefined;
    await page.goto(`${site.origin}/weiter#raum=Klasse-5a&token=EXAMPLETOKENEXAMPLETOKEN26`);
    await page.getByRole('button', { name: 'Hier weitermachen' }).click();
    await page.getByText('Dieser Link gilt nicht mehr.').waitFor();
  },
  'netztest': async (page, site) => {
    await page.goto(`${site.origin}/netztest`);
    await startButton(page).waitFor();
  },
  'netztest-laeuft': async (page, site) => {
    // A server that never answers: the test stays at this step for some seconds, and the clock stands still.
    await page.clock.install();
    await page.routeWebSocket(/\/api\/nettest\/ws$/, () => undefined);
    await withoutDevices(page, site);
    await startButton(page).click();
    await page.getByText('wird geprüft …').waitFor();
  },
  'netztest-gut': async (page, site, counterpart) => {
    await answerNetworkTest(page, counterpart);
    await withoutDevices(page, site);
    await startButton(page).click();
    await page.getByTestId('verdict').waitFor({ timeout: 60_000 });
  },
  'netztest-versperrt': async (page, site) => {
    await page.routeWebSocket(/\/api\/nettest\/ws$/, (socket) => { void socket.close(); });
    await withoutDevices(page, site);
    await startButton(page).click();
    await page.getByText('Die Verbindung zum Server wird unterbrochen.').waitFor({ timeout: 60_000 });
  },
};
