// Every screen of the page: how to reach it. Page tests and screenshots go through this list.
import { until } from './browser.mjs';
import { Classroom, person, self } from './classroom.mjs';
import { pageScreens } from './pagescreens.mjs';

const people = (count, over = () => ({})) => Array.from({ length: count }, (_, i) => person(i, over(i)));

const chat = [
  { id: '1', from: 'p0000', name: 'Frau Ahorn', text: 'Guten Morgen! Bitte öffnet das Heft auf Seite 23.', at: 1_795_248_000_000 },
  { id: '2', from: 'p0001', name: 'Mia Beispiel', text: 'Guten Morgen 😊', at: 1_795_248_030_000 },
  { id: '3', from: 'self', name: 'Alma Beispiel', text: 'Ist das Aufgabe 3?\nhttps://heft.example/seite-23', at: 1_795_248_060_000 },
];

async function check(page, origin, room = 'Klasse-5a') {
  await page.goto(`${origin}/${room}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
}

export async function join(page, origin, { camera = false } = {}) {
  await check(page, origin);
  if (camera) {
    await page.getByRole('button', { name: 'Kamera einschalten' }).click();
    await page.getByRole('button', { name: 'Kamera ausschalten' }).waitFor();
  }
  await page.getByRole('textbox', { name: 'Ihr Name' }).fill('Alma Beispiel');
  await page.getByRole('button', { name: 'Beitreten' }).click();
}

async function inside(page, site, classroom, options) {
  await classroom.attach(page);
  await join(page, site.origin, options);
  await page.getByRole('toolbar', { name: 'Steuerung' }).waitFor();
  const pictures = (classroom.options.people ?? []).filter((p) => p.camera).length;
  if (pictures > 0) {
    await until('a remote picture', () => page.locator('video[data-showing="true"]').count().then((n) => n >= Math.min(pictures, 1)), 60_000);
  }
  return classroom;
}

const away = (i) => ({ away: i === 3 });

/** 04:30 by this machine's clock, which is the browser's as well. */
export function nextNight() {
  const at = new Date();
  at.setHours(28, 30, 0, 0);
  return at.getTime();
}

/** Lets the two minutes pass after which the page asks somebody to press a button. */
export async function giveUp(page) {
  const button = page.getByRole('button', { name: 'Jetzt verbinden' });
  await until('the page to give up', async () => {
    await page.clock.fastForward(20_000);
    return (await button.count()) > 0;
  }, 30_000);
}

const organiser = self({ name: 'Frau Ahorn', role: 'organiser' });

/** Presses a tool wherever it stands: in the bar, or behind "Mehr". */
export async function tool(page, name) {
  const button = page.getByRole('toolbar', { name: 'Steuerung' }).getByRole('button', { name });
  if ((await button.count()) > 0) {
    await button.click();
    return;
  }
  await page.getByRole('button', { name: 'Mehr Funktionen' }).click();
  await page.getByRole('group', { name: 'Mehr Funktionen' }).getByRole('button', { name }).click();
}

const quiet = (over = {}) => ({ camera: false, mic: false, ...over });
const led = (options = {}) => new Classroom({ me: organiser, code: '482713', ...options });

/** Door, moderation and rights. */
const lessonScreens = {
  'tuer-warteraum': async (page, site) => {
    await new Classroom({ door: [{ type: 'door', state: 'lobby' }] }).attach(page);
    await join(page, site.origin);
    await page.getByText('Gleich lässt Sie jemand herein.').waitFor();
  },
  'tuer-andere-lehrkraft': async (page, site) => {
    await new Classroom({ door: [{ type: 'door', state: 'code', taken: true }] }).attach(page);
    await join(page, site.origin);
    await page.getByText('Hier unterrichtet gerade jemand anderes.').waitFor();
  },
  'tuer-unterbrochen': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, people: people(3, quiet) }));
    classroom.send({ type: 'door', state: 'waiting' });
    await page.getByText('deshalb warten alle vor der Tür').waitFor();
  },
  'tuer-zurueckgeschickt': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, people: people(3, quiet) }));
    classroom.send({ type: 'door', state: 'lobby' });
    await page.getByText('Die Lehrkraft hat Sie in den Warteraum geschickt.').waitFor();
  },
  'raum-regeln': async (page, site, counterpart) => {
    await inside(page, site, led({ counterpart, settings: { camerasTo: 'organisers', lobby: true, microphones: false }, people: people(5).slice(1) }));
    await tool(page, 'Regeln für diesen Unterricht');
    await page.getByRole('switch', { name: 'Kameras nur für Lehrkräfte', checked: true }).waitFor();
  },
  'raum-warteraum': async (page, site, counterpart) => {
    const classroom = await inside(page, site, led({
      counterpart, settings: { lobby: true }, people: people(4, (i) => (i === 2 ? { hand: 1 } : {})).slice(1), lobby: [{ id: 'v1', name: 'Finn Tanne' }],
    }));
    await page.getByTestId('lobby-banner').waitFor();
    await tool(page, /Personen/);
    classroom.send({ type: 'visitor', id: 'v2', name: 'Marie-Theres von Hohenbuchen' });
    await page.getByRole('button', { name: 'Alle einlassen' }).waitFor();
  },
  'raum-meldungen': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, me: self({ hand: 2 }), people: people(6, (i) => ({ ...(i === 1 ? { hand: 3 } : {}), ...(i === 4 ? { hand: 1 } : {}), line: i === 5 ? 'bad' : undefined })) }));
    await tool(page, /Personen/);
    await page.getByText('Meldungen (3)').waitFor();
  },
  'raum-stoerung': async (page, site, counterpart) => {
    await inside(page, site, led({ counterpart, people: people(5).slice(1) }));
    await tool(page, 'Störung: alle sofort anhalten');
    await page.getByTestId('emergency').filter({ hasText: '731 904' }).waitFor();
    await page.getByRole('button', { name: 'Ben Muster wieder zulassen' }).waitFor();
  },
  'raum-angehalten': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, me: self({ held: true }), emergency: true, locked: true, people: people(4, (i) => (i === 0 ? {} : quiet({ held: true }))) }));
    await page.getByTestId('held').waitFor();
    await page.getByRole('button', { name: 'Chat' }).click();
    await page.getByText('Der Unterricht ist angehalten. Schreiben geht gerade nicht.').waitFor();
  },
  'raum-pause': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, people: people(4, quiet).slice(1), pause: Date.now() + 118_000 }));
    await page.getByTestId('pause').filter({ hasText: 'Die Lehrkraft ist gerade nicht da.' }).waitFor();
  },
  'raum-nicht-erlaubt': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, settings: { microphones: false, screens: false }, people: people(4) }));
    classroom.send({ type: 'muted', source: 'microphone', why: 'settings' });
    await page.getByTestId('notice').filter({ hasText: 'Gerade spricht nur, wem die Lehrkraft es erlaubt.' }).waitFor();
  },
  'raum-reaktionen': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, people: people(4) }));
    await page.clock.install();
    await tool(page, 'Reaktion zeigen');
    classroom.send({ type: 'reaction', id: 'p0001', kind: 'clap' });
    classroom.send({ type: 'reaction', id: 'p0002', kind: 'slower' });
    await page.getByTestId('reactions').getByText('Mia Beispiel').waitFor();
  },
  'raum-chat-privat': async (page, site, counterpart) => {
    const said = [...chat, { id: '4', from: 'p0000', name: 'Frau Ahorn', text: 'Sehr gut gemacht!', at: 1_795_248_090_000, to: 'self' }];
    await inside(page, site, new Classroom({ counterpart, chat: said, people: people(4) }));
    await tool(page, /^Chat/);
    await page.getByRole('combobox', { name: 'An' }).selectOption({ label: 'Frau Ahorn' });
    await page.getByText('Nur Frau Ahorn liest diese Nachricht.').waitFor();
  },
  'raum-chat-adresse': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, chat, people: people(4) }));
    await tool(page, /^Chat/);
    await page.getByRole('button', { name: 'Adresse öffnen: https://heft.example/seite-23' }).click();
    await page.getByRole('dialog').waitFor();
  },
  'raum-gross-zeigen': async (page, site, counterpart) => {
    await inside(page, site, led({ counterpart, title: 'Klasse 5a Größe & Gewicht', people: people(3).slice(1) }));
    await tool(page, 'Einladung');
    await page.getByRole('button', { name: 'Groß zeigen', exact: true }).click();
    await page.getByRole('dialog').getByRole('img').waitFor();
  },
  'raum-beenden': async (page, site, counterpart) => {
    await inside(page, site, led({ counterpart, people: people(3).slice(1) }));
    await page.getByRole('button', { name: 'Unterricht verlassen oder beenden' }).click();
    await page.getByRole('dialog').waitFor();
  },
  'beendet': async (page, site, counterpart) => {
    await inside(page, site, led({ counterpart, chat, people: people(29, quiet).slice(1) }));
    await page.getByRole('button', { name: 'Unterricht verlassen oder beenden' }).click();
    await page.getByRole('button', { name: 'Für alle beenden' }).click();
    await page.getByTestId('proof').filter({ hasText: '29 Personen sind draußen, 3 Nachrichten gelöscht, vom Server bestätigt.' }).waitFor();
  },
  'zu-ende': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, people: people(2, quiet) }));
    classroom.send({ type: 'ended', reason: 'lesson-over' });
    await page.getByRole('heading', { name: 'Der Unterricht ist zu Ende' }).waitFor();
  },
  'abgewiesen-warteraum': async (page, site) => {
    await new Classroom({ door: [{ type: 'refused', code: 'turned-away' }] }).attach(page);
    await join(page, site.origin);
    await page.getByRole('heading', { name: 'Sie wurden nicht eingelassen' }).waitFor();
  },
};

/** name → async (page, site, counterpart). `screens` are independent; each starts in a fresh context. */
export const screens = {
  ...pageScreens,
  'start': async (page, site) => {
    await page.goto(site.origin);
    await page.getByText('Kreismedienzentrum Musterkreis').waitFor();
    await page.getByText('beratung@kmz.example').waitFor();
  },
  'start-vorschlag': async (page, site) => {
    await page.goto(site.origin);
    await page.getByRole('textbox', { name: 'Raumname' }).fill('Klasse 5a Größe');
    await page.getByRole('button', { name: 'Beitreten' }).click();
    await page.getByText('Meinten Sie: Klasse-5a-Groesse?').waitFor();
  },
  'start-anmeldung-falsch': async (page, site) => {
    site.api.login = { status: 401 };
    await page.goto(site.origin);
    await page.getByRole('textbox', { name: 'Zugangsname' }).fill('ahorn-4827');
    await page.getByLabel('Passwort').fill('falsch');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText('Zugangsname oder Passwort stimmen nicht.').waitFor();
    site.api.login = { status: 204 };
  },
  'start-angemeldet': async (page, site) => {
    site.api.organiser = 'ahorn-4827';
    await page.goto(site.origin);
    await page.getByText('Angemeldet als ahorn-4827').waitFor();
  },
  'raumname-unzulaessig': async (page, site) => {
    await page.goto(`${site.origin}/${encodeURIComponent('Größe 5')}`);
    await page.getByText('Meinten Sie: Groesse-5?').waitFor();
  },
  'geraete': async (page, site) => {
    await check(page, site.origin);
    await page.getByRole('button', { name: 'Kamera einschalten' }).waitFor();
  },
  'geraete-an': async (page, site) => {
    site.api.organiser = 'ahorn-4827';
    await check(page, site.origin);
    await page.getByRole('button', { name: 'Kamera einschalten' }).click();
    await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
    await page.getByRole('meter', { name: 'Mikrofonpegel' }).waitFor();
    await page.getByRole('checkbox', { name: /Als Organisator\*in öffnen/ }).waitFor();
    for (const name of ['Kamera', 'Mikrofon']) await page.getByRole('combobox', { name }).waitFor();
  },
  'geraete-verweigert': async (page, site) => {
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    await check(page, site.origin);
    await page.getByRole('button', { name: 'Kamera einschalten' }).click();
    await page.getByText('Kamera nicht verfügbar').waitFor();
  },
  'tuer-warten': async (page, site) => {
    await new Classroom({ door: [{ type: 'door', state: 'waiting' }] }).attach(page);
    await join(page, site.origin);
    await page.getByText('Der Unterricht hat noch nicht begonnen.').waitFor();
  },
  'tuer-warteschlange': async (page, site) => {
    await new Classroom({ door: [{ type: 'queue', place: 3 }] }).attach(page);
    await join(page, site.origin);
    await page.getByText('Ihr Raum steht an Stelle 3 der Warteschlange.').waitFor();
  },
  'tuer-abgeschlossen': async (page, site) => {
    await new Classroom({ door: [{ type: 'door', state: 'locked' }] }).attach(page);
    await join(page, site.origin);
    await page.getByRole('heading', { name: 'Der Raum ist abgeschlossen' }).waitFor();
  },
  'tuer-unerreichbar': async (page, site) => {
    await page.clock.install();
    const classroom = new Classroom();
    classroom.refuseConnections = true;
    await classroom.attach(page);
    await join(page, site.origin);
    await giveUp(page);
  },
  'tuer-code-falsch': async (page, site) => {
    await new Classroom({ door: [{ type: 'door', state: 'code' }] }).attach(page);
    await join(page, site.origin);
    await page.getByRole('textbox', { name: 'Raumcode' }).fill('000000');
    await page.getByRole('button', { name: 'Eintreten' }).click();
    await page.getByRole('button', { name: /Nächster Versuch in/ }).waitFor();
  },
  'raum': (page, site, counterpart) =>
    inside(page, site, new Classroom({
      counterpart, chat, speakers: ['p0000'], me: self({ camera: true }),
      people: people(6, (i) => ({ camera: i !== 3, mic: i === 0 || i === 2 })),
    }), { camera: true }),
  'raum-chat': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, chat, people: people(4), speakers: ['p0000'] }));
    await page.getByRole('button', { name: 'Chat' }).click();
    await page.getByRole('textbox', { name: 'Nachricht' }).waitFor();
  },
  'raum-personen': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, people: people(13, (i) => ({ camera: i % 3 === 0 })) }));
    await page.getByRole('button', { name: /Personen/ }).click();
    await page.getByText('14 Personen im Raum').waitFor();
  },
  'raum-organisatorin': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, me: organiser, code: '482713', locked: true, people: people(9, away).slice(1) }));
    await tool(page, /Personen, 9 anwesend, Raum abgeschlossen/);
    await page.getByRole('button', { name: 'Ben Muster verwalten' }).click();
    await page.getByRole('combobox', { name: 'sprechen' }).waitFor();
  },
  'raum-entfernen': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, me: organiser, code: '482713', people: people(13).slice(1) }));
    await page.getByRole('button', { name: /Personen/ }).click();
    await page.getByRole('button', { name: 'Marie-Theres von Hohenbuchen verwalten' }).click();
    await page.getByRole('button', { name: 'Marie-Theres von Hohenbuchen aus dem Raum entfernen' }).click();
    await page.getByRole('dialog').waitFor();
  },
  'raum-abgeschlossen': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, locked: true, people: people(4, away) }));
    await page.getByRole('button', { name: /Personen/ }).click();
    await page.getByText('Der Raum ist abgeschlossen: Es kommt niemand Neues herein.').waitFor();
  },
  'raum-neustart': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, people: people(4) }));
    classroom.send({ type: 'notice', kind: 'restart', at: nextNight() });
    await page.getByTestId('restart').filter({ hasText: 'Um 04:30 Uhr startet der Server neu' }).waitFor();
  },
  'raum-einladung': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, me: organiser, code: '482713', people: people(3).slice(1) }));
    await tool(page, 'Einladung');
    await page.getByText('Raumcode ändern').click();
    await page.getByRole('textbox', { name: 'Neuer Raumcode' }).waitFor();
  },
  'raum-allein': (page, site, counterpart) => inside(page, site, new Classroom({ counterpart, me: organiser, code: '482713' })),
  'raum-bildschirm': (page, site, counterpart) =>
    inside(page, site, new Classroom({
      counterpart, speakers: ['p0000'], chat, people: people(9, (i) => ({ screen: i === 0, camera: i < 4 })),
    })),
  'raum-70': (page, site, counterpart) =>
    inside(page, site, new Classroom({ counterpart, speakers: ['p0040'], people: people(69, (i) => ({ camera: i % 4 === 0, mic: i === 40 })) })),
  'raum-unterbrochen': async (page, site, counterpart) => {
    const classroom = new Classroom({ counterpart, people: people(4) });
    await inside(page, site, classroom);
    classroom.refuseConnections = true;
    classroom.drop();
    await page.getByText('Verbindung wird wiederhergestellt …').waitFor();
  },
  'raum-unerreichbar': async (page, site, counterpart) => {
    await page.clock.install();
    const classroom = new Classroom({ counterpart, people: people(4) });
    await inside(page, site, classroom);
    classroom.refuseConnections = true;
    classroom.drop();
    await giveUp(page);
  },
  ...lessonScreens,
  'abgewiesen': async (page, site) => {
    await new Classroom({ door: [{ type: 'refused', code: 'room-full' }] }).attach(page);
    await join(page, site.origin);
    await page.getByRole('heading', { name: 'Der Raum ist voll' }).waitFor();
  },
  'abgewiesen-entfernt': async (page, site) => {
    await new Classroom({ door: [{ type: 'refused', code: 'removed' }] }).attach(page);
    await join(page, site.origin);
    await page.getByRole('heading', { name: 'Hier geht es gerade nicht weiter' }).waitFor();
  },
  'entfernt': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, people: people(2, () => ({ camera: false })) }));
    classroom.send({ type: 'ended', reason: 'removed' });
    await page.getByRole('heading', { name: 'Sie sind nicht mehr im Raum' }).waitFor();
  },
  'neustart': async (page, site, counterpart) => {
    const classroom = await inside(page, site, new Classroom({ counterpart, people: people(2, () => ({ camera: false })) }));
    classroom.send({ type: 'notice', kind: 'restart', at: nextNight() });
    classroom.send({ type: 'ended', reason: 'restart' });
    await page.getByRole('heading', { name: 'Der Raum ist zu Ende' }).waitFor();
  },
  'verlassen': async (page, site, counterpart) => {
    await inside(page, site, new Classroom({ counterpart, people: people(2, () => ({ camera: false })) }));
    await page.getByRole('button', { name: 'Raum verlassen' }).click();
    await page.getByRole('heading', { name: 'Sie haben den Raum verlassen' }).waitFor();
  },
};
