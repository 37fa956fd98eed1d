import { describe, expect, it } from 'vitest';
import { de } from '../i18n/de';
import { en } from '../i18n/en';
import type { Findings } from './findings';
import { paragraphsOfSheet, sheetOf, textOfSheet } from './sheet';

const findings: Findings = {
  browser: { webRTC: true, secure: true, codecs: ['VP8', 'Opus'] },
  microphone: 'works', camera: 'denied', https: 30.4, socket: 'yes', udp: 'no', tls: 'yes', path: 'tls',
  measures: { roundTrip: 41.6, lossUp: 0.012, lossDown: 0, up: 1_240_000, down: 980_000 }, servers: ['192.0.2.7:10000', '[2001:db8::7]:10000'],
};
const options = { texts: de, language: 'de', site: 'Kreismedienzentrum Musterkreis', host: 'kurs.example', at: new Date(2026, 10, 22, 9, 5) } as const;

describe('the result sheet', () => {
  it('says what was found and what to open', () => {
    expect(textOfSheet(sheetOf(findings, options), de)).toBe(`Netztest für das Videoklassenzimmer
Kreismedienzentrum Musterkreis, kurs.example, geprüft am 22. November 2026 um 09:05

Ergebnis: Videounterricht funktioniert hier, aber auf einem Umweg: Bild und Ton werden besser, wenn UDP 10000 geöffnet wird.

- Browser: kann Videounterricht (VP8, Opus) [in Ordnung]
- Mikrofon: funktioniert [in Ordnung]
- Kamera: vom Browser nicht erlaubt [mit Einschränkung]
- Seite des Servers (HTTPS, TCP 443): antwortet nach 30 ms [in Ordnung]
- Steuerung (WebSocket, TCP 443): kommt durch [in Ordnung]
- Bild und Ton direkt (UDP 10000): kommt nicht durch [mit Einschränkung]
- Bild und Ton über den Umweg (TURN/TLS, TCP 443): kommt durch [in Ordnung]
- Benutzter Weg: über den Umweg TCP 443 [mit Einschränkung]
- Hin und zurück: 42 ms [in Ordnung]
- Verlorene Pakete: 1,2 % beim Senden, 0,0 % beim Empfangen [in Ordnung]
- Senden: mindestens 1,2 Mbit/s [in Ordnung]
- Empfangen: mindestens 1,0 Mbit/s [mit Einschränkung]

Was zu tun ist:
- UDP-Port 10000 von innen nach außen freigeben. Das ist die wichtigste Einstellung für gutes Bild und guten Ton.
- Mikrofon und Kamera prüfen: im Browser erlauben, anschließen, andere Videoprogramme schließen.

Für die Netzbetreuung der Schule: Was offen sein muss:
- Servername: kurs.example
- TCP 443 von innen nach außen (HTTPS, WebSocket, TURN/TLS)
- UDP 10000 von innen nach außen, Antworten zurück (Bild und Ton)
- Adressen des Servers für UDP bei diesem Test: 192.0.2.7, 2001:db8::7. Bei großem Andrang kommen weitere Server dazu; am einfachsten ist es, UDP zu diesem Port allgemein freizugeben.
- Keine TLS-Entschlüsselung (Inhaltsprüfung) für diesen Servernamen; andere Server werden nicht gebraucht.
`);
  });

  it('is the same on paper', () => {
    const sheet = sheetOf(findings, options);
    const words = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '').sort();
    const paper = paragraphsOfSheet(sheet, de).filter((p) => p.text !== de.pages.netTest.stepsTitle).map((p) => p.text).join(' ');
    expect(words(paper)).toEqual(words(textOfSheet(sheet, de)));
  });

  it('is there in English, with other ports', () => {
    const sheet = sheetOf({ ...findings, servers: ['192.0.2.7:20000'] }, { ...options, texts: en, language: 'en', host: 'kurs.example:8443' });
    expect(sheet.open.slice(0, 3)).toEqual([
      'Host name: kurs.example', 'TCP 8443 from inside to outside (HTTPS, WebSocket, TURN/TLS)',
      'UDP 20000 from inside to outside, answers back in (picture and sound)',
    ]);
    expect(textOfSheet(sheet, en)).toContain('Lost packets: 1.2 % when sending, 0.0 % when receiving [fine]');
  });

  it.each([
    ['blocked', { udp: 'no', tls: 'no', path: undefined, measures: undefined, camera: 'works' }, ['udp', 'tls']],
    ['noSocket', { socket: 'no', udp: 'skipped', tls: 'skipped', path: undefined, measures: undefined }, ['socket']],
    ['noServer', { https: undefined }, ['server']],
    ['good', { udp: 'yes', path: 'udp', camera: 'skipped', measures: { roundTrip: 9, lossUp: 0, lossDown: 0, up: 2e6, down: 2e6 } }, []],
  ] as const)('advises when it is %s', (verdict, over, advice) => {
    const sheet = sheetOf({ ...findings, ...over }, options);
    expect(sheet.verdict.text).toBe(de.pages.netTest.verdicts[verdict]);
    expect(sheet.advice).toEqual(advice.map((key) => de.pages.netTest.advice[key]));
  });
});
