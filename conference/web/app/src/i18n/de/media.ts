import type { DeviceProblem } from '../../rtc/devices';
import type { BrowserFamily } from '../../rtc/browserFamily';

/** What to do about a device, by the problem; a refusal is undone in another place in each browser. */
const remedies = (device: string): { readonly denied: Record<BrowserFamily, string> } & Record<Exclude<DeviceProblem, 'denied'>, string> => ({
  denied: {
    chromium: `Klicken Sie links neben der Adresse auf das Symbol, stellen Sie ${device} auf „Zulassen“ und versuchen Sie es noch einmal.`,
    firefox: `Klicken Sie links neben der Adresse auf das durchgestrichene Symbol, entfernen Sie dort „Blockiert“ und versuchen Sie es noch einmal.`,
    safari: `Öffnen Sie im Menü Safari „Einstellungen für diese Website“, stellen Sie ${device} auf „Erlauben“ und versuchen Sie es noch einmal.`,
    ios: `Tippen Sie in der Adressleiste auf das Seitenmenü, dann auf „Website-Einstellungen“, stellen Sie ${device} auf „Erlauben“ und versuchen Sie es noch einmal.`,
  },
  system: `Ihr Computer lässt den Browser nicht an ${device}. Erlauben Sie es in den Datenschutz-Einstellungen des Systems, starten Sie den Browser neu und versuchen Sie es noch einmal.`,
  missing: 'Es wurde kein Gerät gefunden. Schließen Sie eines an und versuchen Sie es noch einmal.',
  'in-use': 'Das Gerät wird gerade von einem anderen Programm benutzt. Schließen Sie dieses Programm oder den anderen Tab und versuchen Sie es noch einmal.',
  insecure: 'Diese Seite wurde ohne Verschlüsselung geöffnet. Öffnen Sie sie mit https:// am Anfang der Adresse.',
  unsupported: `Dieser Browser kann ${device} hier nicht benutzen. Bitte nehmen Sie einen aktuellen Browser.`,
  other: 'Das hat leider nicht geklappt. Versuchen Sie es noch einmal.',
});

/** Texts of pictures, sound, devices and the line. */
export const media = {
  view: {
    title: 'Ansicht und Geräte',
    short: 'Ansicht',
    layout: 'Anordnung',
    layouts: { grid: 'Alle gleich groß', speaker: 'Wer spricht, groß', teacher: 'Lehrkraft groß' },
    pinned: (name: string) => `Groß gestellt: ${name}`,
    unpin: 'Lösen',
    pictures: 'Bilder',
    audioOnly: 'Nur Ton',
    audioOnlyHint: 'Spart am meisten: Sie hören alle, senden und sehen aber keine Bilder.',
    teacherOnly: 'Nur Lehrkraft',
    teacherOnlyHint: 'Sie sehen nur Bild und Bildschirm der Lehrkraft.',
    hideSelf: 'Eigenes Bild ausblenden',
    hideSelfHint: 'Die anderen sehen Sie weiterhin.',
    sharing: 'Bildschirm teilen',
    motion: 'Film flüssig zeigen',
    motionHint: 'Für Videos. Ohne Haken bleibt Schrift gestochen scharf.',
    devices: 'Geräte',
    line: 'Leitung',
    levels: { good: 'Ihre Leitung ist gut.', weak: 'Ihre Leitung ist schwach.', bad: 'Ihre Leitung ist sehr schwach.' },
    paths: { udp: 'Bild und Ton gehen direkt zum Server (UDP).', tcp: 'Bild und Ton gehen über den Umweg TCP 443, weil Ihr Netz UDP nicht durchlässt.' },
    noPath: 'Bild und Ton werden noch verbunden.',
    figures: (rtt: number, loss: string) => `Hin und zurück: ${rtt} ms, verloren: ${loss} %`,
  },
  audioOnlyOn: 'Nur Ton: Bilder werden nicht übertragen.',
  picturesBack: 'Bilder zeigen',
  teacherOnlyOn: 'Sie sehen nur die Lehrkraft.',
  showAll: 'Alle zeigen',

  tile: {
    pin: (name: string) => `${name} groß zeigen`,
    unpin: (name: string) => `${name} nicht mehr groß zeigen`,
    hand: 'Hand gehoben',
    held: 'angehalten',
    shownLarge: 'groß zu sehen',
    line: { weak: 'schwache Leitung', bad: 'sehr schwache Leitung' },
  },

  line: {
    upload: 'Ihre Leitung ist gerade schwach: Die anderen sehen und hören Sie schlecht.',
    download: 'Ihre Leitung ist gerade schwach: Bild und Ton kommen bei Ihnen schlecht an.',
    delay: 'Ihre Leitung ist gerade langsam: Alles kommt mit Verzögerung an.',
    server: 'Gerade stockt es bei vielen. Das liegt nicht an Ihnen, sondern am Server oder am gemeinsamen Netz.',
    other: (name: string) => `Die Leitung von ${name} ist schwach. Bild und Ton von dort können stocken.`,
    offer: 'Ohne Bilder geht es meist besser.',
    audioOnly: 'Nur Ton',
    cameraOff: 'Kamera ausschalten',
    dismiss: 'Hinweis schließen',
  },

  share: {
    phone: 'Auf diesem Gerät kann der Browser den Bildschirm nicht teilen. Nehmen Sie dafür einen Computer.',
    browser: 'Dieser Browser kann den Bildschirm nicht teilen. Nehmen Sie Firefox, Chrome, Edge oder Safari in einer aktuellen Fassung.',
  },

  problem: {
    microphone: { title: 'Mikrofon nicht verfügbar', texts: remedies('das Mikrofon') },
    camera: { title: 'Kamera nicht verfügbar', texts: remedies('die Kamera') },
    screen: {
      title: 'Der Bildschirm kann nicht geteilt werden',
      text: 'Prüfen Sie, ob Ihr System dem Browser die Bildschirmaufnahme erlaubt, und versuchen Sie es noch einmal.',
    },
    without: 'Sie können auch ohne beitreten.',
    retry: 'Noch einmal versuchen',
  },
  replaced: {
    microphone: (label: string) => `Das Mikrofon ist nicht mehr da. Jetzt wird benutzt: ${label}`,
    camera: (label: string) => `Die Kamera ist nicht mehr da. Jetzt wird benutzt: ${label}`,
    speaker: (label: string) => `Der Kopfhörer oder Lautsprecher ist nicht mehr da. Jetzt wird benutzt: ${label}`,
    default: 'das Standardgerät',
  },
  interrupted: {
    microphone: 'Ihr Gerät hat das Mikrofon angehalten, zum Beispiel wegen eines Anrufs. Man hört Sie gerade nicht.',
    camera: 'Ihr Gerät hat die Kamera angehalten, zum Beispiel wegen einer anderen App. Man sieht Sie gerade nicht.',
    resume: 'Wieder einschalten',
  },
};
