import type { DeviceProblem } from '../rtc/devices';
import type { EndReason, Refusal, RoomError } from '../signaling/messages';

/** A heading, what it means, and what to do next. */
export interface Outcome {
  readonly title: string;
  readonly text: string;
}

const deviceProblem = (device: string): Record<DeviceProblem, string> => ({
  denied: `Ihr Browser darf ${device} nicht benutzen. Erlauben Sie es über das Symbol links neben der Adresse und schalten Sie noch einmal ein. Sie können auch ohne beitreten.`,
  missing: `Es wurde kein Gerät gefunden. Schließen Sie eines an oder treten Sie ohne bei.`,
  'in-use': `Das Gerät wird gerade von einem anderen Programm benutzt. Schließen Sie dieses Programm und schalten Sie noch einmal ein. Sie können auch ohne beitreten.`,
  unsupported: `Dieser Browser kann ${device} hier nicht benutzen. Bitte nehmen Sie einen aktuellen Browser. Sie können auch ohne beitreten.`,
  other: `Das hat leider nicht geklappt. Versuchen Sie es noch einmal oder treten Sie ohne bei.`,
});

const refused: Record<Refusal, Outcome> = {
  'room-invalid': { title: 'Diesen Raum gibt es nicht', text: 'Der Raumname ist nicht zulässig. Prüfen Sie bitte den Link oder geben Sie den Raumnamen auf der Startseite ein.' },
  'name-invalid': { title: 'Der Name passt nicht', text: 'Ihr Name darf 1 bis 40 Zeichen haben. Bitte ändern Sie ihn und treten Sie noch einmal bei.' },
  'login-required': { title: 'Bitte melden Sie sich an', text: 'Zum Öffnen eines Raums brauchen Sie Ihre Anmeldung als Lehrkraft. Vielleicht ist sie abgelaufen.' },
  'account-disabled': { title: 'Ihr Zugang ist gesperrt', text: 'Bitte wenden Sie sich an Ihr Medienzentrum. Als Teilnehmer*in mit Raumcode können Sie weiterhin beitreten.' },
  'room-full': { title: 'Der Raum ist voll', text: 'Es sind bereits alle Plätze besetzt. Versuchen Sie es später noch einmal oder sagen Sie der Lehrkraft Bescheid.' },
  'too-many-attempts': { title: 'Zu viele Versuche', text: 'Zur Sicherheit des Raums müssen Sie einen Moment warten. Versuchen Sie es in einer Minute noch einmal.' },
  busy: { title: 'Gerade ist viel los', text: 'Der Server ist im Moment ausgelastet. Versuchen Sie es gleich noch einmal.' },
  'bad-message': { title: 'Die Seite ist veraltet', text: 'Seite und Server passen nicht mehr zusammen. Laden Sie die Seite bitte neu.' },
  'probe-invalid': { title: 'Kein Zutritt', text: 'Dieser Raum ist für Prüfungen des Servers reserviert. Bitte wählen Sie einen anderen Raumnamen.' },
};

const ended: Record<EndReason, Outcome> = {
  'account-disabled': { title: 'Ihr Zugang wurde gesperrt', text: 'Deshalb wurde Ihre Teilnahme beendet. Bitte wenden Sie sich an Ihr Medienzentrum.' },
  restart: { title: 'Der Server startet neu', text: 'Treten Sie in einem Augenblick noch einmal bei.' },
  replaced: { title: 'Sie sind an anderer Stelle beigetreten', text: 'Dieselbe Teilnahme läuft jetzt in einem anderen Fenster. Sie können dieses hier schließen.' },
  slow: { title: 'Die Verbindung war zu langsam', text: 'Treten Sie noch einmal bei. Ein Platz näher am WLAN oder ein Kabel hilft oft.' },
};

const roomError: Record<RoomError, string> = {
  'screen-not-allowed': 'In diesem Raum dürfen nur Organisator*innen den Bildschirm teilen.',
  'chat-invalid': 'Die Nachricht konnte nicht gesendet werden. Sie darf höchstens 2000 Zeichen lang sein.',
  'chat-too-fast': 'Das ging zu schnell: Die letzte Nachricht wurde nicht gesendet. Bitte warten Sie einen Augenblick.',
  'code-invalid': 'Dieser Raumcode ist nicht möglich. Er braucht 4 bis 32 Zeichen.',
  'not-allowed': 'Das dürfen hier nur Organisator*innen.',
  'media-failed': 'Bild und Ton kommen nicht durch. Wir versuchen es weiter; der Chat funktioniert. Hilft das nicht, bitten Sie Ihre IT, UDP-Port 10000 freizugeben.',
};

export const de = {
  language: 'Deutsch',
  switchTo: 'English',
  switchLanguage: 'Seite auf Englisch anzeigen',
  skip: 'Zum Inhalt springen',
  home: 'Zur Startseite',
  product: 'Kreisraum',
  subtitle: 'Das Videoklassenzimmer Ihres Medienzentrums',
  unreachable: 'Der Server ist gerade nicht erreichbar.',
  tryAgain: 'Erneut versuchen',
  close: 'Schließen',
  cancel: 'Abbrechen',

  landing: {
    welcome: 'Willkommen im Videoklassenzimmer',
    lead: 'Ohne Konto, ohne Installation: Raumname eingeben und dabei sein.',
    joinTitle: 'Einem Raum beitreten',
    joinHint: 'Den Raumnamen haben Sie von Ihrer Lehrkraft.',
    join: 'Beitreten',
    openTitle: 'Raum öffnen (für Lehrkräfte)',
    openHint: 'Melden Sie sich mit dem Zugang Ihres Medienzentrums an.',
    openRoomHint: 'Denken Sie sich einen Raumnamen aus, zum Beispiel Klasse-5a.',
    open: 'Raum öffnen',
    contactTitle: 'Fragen?',
    contact: 'Ihr Medienzentrum hilft gern:',
    privacyTitle: 'Was hier nicht passiert',
    privacy: [
      'Es wird nichts aufgezeichnet.',
      'Der Chat verschwindet mit dem Raum.',
      'Keine Werbung, keine Auswertung, keine fremden Server.',
    ],
  },

  roomName: {
    label: 'Raumname',
    empty: 'Bitte geben Sie einen Raumnamen ein.',
    rule: 'Raumnamen bestehen aus Buchstaben, Ziffern und Bindestrich.',
    length: 'Sie haben 3 bis 64 Zeichen und beginnen mit einem Buchstaben oder einer Ziffer.',
    didYouMean: (name: string) => `Meinten Sie: ${name}?`,
    accept: (name: string) => `${name} übernehmen`,
  },

  login: {
    title: 'Anmeldung für Lehrkräfte',
    name: 'Zugangsname',
    password: 'Passwort',
    submit: 'Anmelden',
    checking: 'Wird geprüft …',
    as: (name: string) => `Angemeldet als ${name}`,
    logout: 'Abmelden',
    needed: 'Sie sind Lehrkraft und möchten den Raum öffnen?',
    wrong: 'Zugangsname oder Passwort stimmen nicht. Achten Sie auf Groß- und Kleinschreibung.',
    disabled: 'Dieser Zugang ist gesperrt. Bitte wenden Sie sich an Ihr Medienzentrum.',
    tooMany: (seconds: number) => `Zu viele Versuche. Bitte warten Sie noch ${seconds} s.`,
    busy: (seconds: number) => `Gerade melden sich viele an. Bitte versuchen Sie es in ${seconds} s noch einmal.`,
    unreachable: 'Der Server ist gerade nicht erreichbar. Bitte versuchen Sie es noch einmal.',
    missing: 'Bitte geben Sie Zugangsname und Passwort ein.',
  },

  check: {
    title: (room: string) => `Raum ${room}`,
    lead: 'Prüfen Sie kurz Bild und Ton. Niemand sieht oder hört Sie, bevor Sie beitreten.',
    preview: 'Vorschau Ihrer Kamera',
    cameraOff: 'Ihre Kamera ist aus',
    you: 'Ihr Name',
    nameHint: 'So sehen Sie die anderen. Der Name bleibt nur in diesem Fenster.',
    nameEmpty: 'Bitte geben Sie Ihren Namen ein.',
    camera: 'Kamera',
    microphone: 'Mikrofon',
    speaker: 'Lautsprecher',
    speakerDefault: 'Standard',
    testTone: 'Testton',
    level: 'Mikrofonpegel',
    levelHint: 'Sprechen Sie: Der Balken bewegt sich, wenn Ihr Mikrofon funktioniert.',
    muted: 'Mikrofon ist stumm',
    asOrganiser: 'Als Organisator*in öffnen',
    asOrganiserHint: 'Mit Ihnen beginnt der Unterricht; Sie sehen den Raumcode.',
    join: 'Beitreten',
    microphoneProblem: { title: 'Mikrofon nicht verfügbar', texts: deviceProblem('das Mikrofon') },
    cameraProblem: { title: 'Kamera nicht verfügbar', texts: deviceProblem('die Kamera') },
    screenProblem: 'Der Bildschirm konnte nicht geteilt werden. Prüfen Sie, ob Ihr System dem Browser die Bildschirmaufnahme erlaubt.',
  },

  door: {
    connecting: 'Verbindung wird aufgebaut …',
    waitingTitle: 'Bitte warten',
    waiting: 'Der Unterricht hat noch nicht begonnen. Sie werden eingelassen, sobald die Lehrkraft da ist.',
    waitingHint: 'Lassen Sie dieses Fenster einfach offen.',
    codeTitle: 'Raumcode eingeben',
    codeHint: 'Den Raumcode bekommen Sie von Ihrer Lehrkraft.',
    code: 'Raumcode',
    codeEmpty: 'Bitte geben Sie den Raumcode ein.',
    wrong: 'Dieser Raumcode stimmt nicht. Bitte prüfen Sie ihn und versuchen Sie es noch einmal.',
    retryIn: (seconds: number) => `Nächster Versuch in ${seconds} s`,
    checking: 'Wird geprüft …',
    enter: 'Eintreten',
    leave: 'Abbrechen',
  },

  room: {
    stage: 'Videobilder',
    you: 'Sie',
    youNamed: (name: string) => `${name} (Sie)`,
    organiser: 'Organisator*in',
    muted: 'Mikrofon stumm',
    unmuted: 'Mikrofon an',
    cameraOff: 'Kamera aus',
    cameraOn: 'Kamera an',
    speaking: 'spricht',
    screenOf: (name: string) => `Bildschirm von ${name}`,
    sharing: 'Sie teilen Ihren Bildschirm.',
    stopSharing: 'Teilen beenden',
    alone: 'Gerade ist niemand sonst da.',
    aloneInvite: 'Gerade ist niemand sonst da. Geben Sie Link und Raumcode weiter:',
    speakingElsewhere: (name: string) => `Es spricht: ${name}`,
    previousPage: 'Vorige Seite',
    nextPage: 'Nächste Seite',
    page: (page: number, pages: number) => `Seite ${page} von ${pages}`,
    lost: 'Verbindung unterbrochen – verbinde neu …',
    retryNow: 'Jetzt verbinden',
    audioBlocked: 'Ihr Browser hat den Ton angehalten.',
    enableAudio: 'Ton einschalten',
    errors: roomError,
  },

  toolbar: {
    label: 'Steuerung',
    micOn: 'Mikrofon einschalten',
    micOff: 'Mikrofon stummschalten',
    mic: 'Mikrofon',
    cameraOn: 'Kamera einschalten',
    cameraOff: 'Kamera ausschalten',
    camera: 'Kamera',
    screenOn: 'Bildschirm teilen',
    screenOff: 'Bildschirmfreigabe beenden',
    screen: 'Bildschirm',
    chat: 'Chat',
    chatUnread: (count: number) => `Chat, ${count} ungelesen`,
    people: 'Personen',
    peopleCount: (count: number) => `Personen, ${count} anwesend`,
    invite: 'Einladung',
    leave: 'Verlassen',
    leaveRoom: 'Raum verlassen',
    shortcut: (key: string) => `Alt+${key}`,
  },

  chat: {
    title: 'Chat',
    note: 'Alle im Raum lesen mit. Der Chat verschwindet mit dem Raum.',
    empty: 'Noch keine Nachrichten.',
    messages: 'Nachrichten',
    label: 'Nachricht',
    placeholder: 'Nachricht an alle',
    send: 'Senden',
    tooLong: (over: number) => `${over} Zeichen zu viel`,
  },

  people: {
    title: 'Personen',
    count: (count: number) => (count === 1 ? '1 Person im Raum' : `${count} Personen im Raum`),
  },

  invite: {
    title: 'Einladung',
    hint: 'Geben Sie Link und Raumcode an Ihre Klasse weiter.',
    link: 'Link zum Raum',
    code: 'Raumcode',
    noCode: 'ohne Raumcode',
    copy: 'Einladung kopieren',
    copied: 'Kopiert',
    copyFailed: 'Kopieren ging nicht. Bitte markieren Sie den Text und kopieren Sie ihn von Hand.',
    change: 'Raumcode ändern',
    newCode: 'Neuer Raumcode',
    newCodeHint: '4 bis 32 Zeichen. Wer schon im Raum ist, bleibt.',
    save: 'Speichern',
    invalid: 'Der Raumcode braucht 4 bis 32 Zeichen.',
    text: (room: string, link: string, code: string) => `Videoklassenzimmer „${room}“\n${link}\nRaumcode: ${code}`,
    textWithoutCode: (room: string, link: string) => `Videoklassenzimmer „${room}“\n${link}`,
  },

  outcome: {
    refused,
    ended,
    left: { title: 'Sie haben den Raum verlassen', text: 'Bis zum nächsten Mal!' },
    again: 'Wieder beitreten',
    changeName: 'Zurück',
    login: 'Zur Anmeldung',
    reload: 'Seite neu laden',
  },

  announce: {
    joined: (name: string) => `${name} ist beigetreten.`,
    left: (name: string) => `${name} hat den Raum verlassen.`,
    chat: (name: string, text: string) => `Nachricht von ${name}: ${text}`,
    screen: (name: string) => `${name} teilt den Bildschirm.`,
    many: (count: number) => `Jetzt sind ${count} Personen im Raum.`,
    inside: 'Sie sind im Raum.',
    lost: 'Verbindung unterbrochen. Es wird neu verbunden.',
    back: 'Die Verbindung ist wieder da.',
  },
};

export type Texts = typeof de;
