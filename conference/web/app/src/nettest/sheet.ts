// The result sheet for the school's network administration: what was found, and what to open. It names nobody, no device and no address but the
// server's.
import type { Texts } from '../i18n/de';
import type { Findings, Light, Step } from './findings';
import { lightOf, steps, verdictLight, verdictOf } from './findings';
import type { Paragraph } from './pdf';

export interface Row {
  readonly step: Step;
  readonly label: string;
  readonly text: string;
  readonly light: Light | undefined;
}

export interface Sheet {
  readonly title: string;
  /** Whose service was tested, and when. */
  readonly about: string;
  readonly verdict: { readonly light: Light; readonly text: string };
  readonly rows: readonly Row[];
  /** What a firewall must let through, whatever was found. */
  readonly open: readonly string[];
  /** What to do, most important first. */
  readonly advice: readonly string[];
}

export interface SheetOptions {
  readonly texts: Texts;
  readonly language: 'de' | 'en';
  readonly site: string;
  /** Host name, and port if it is another one than 443. */
  readonly host: string;
  readonly at: Date;
}

export function sheetOf(findings: Findings, options: SheetOptions): Sheet {
  const t = options.texts.pages.netTest;
  const verdict = verdictOf(findings);
  const time = options.at.toLocaleString(options.language === 'de' ? 'de-DE' : 'en-GB', { dateStyle: 'long', timeStyle: 'short' });
  const addresses = findings.servers.map((server) => server.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')).join(', ');
  const [hostname, port = '443'] = options.host.split(':');
  return {
    title: t.sheetTitle,
    about: t.about(options.site, options.host, time),
    verdict: { light: verdictLight(verdict), text: t.verdicts[verdict] },
    rows: rowsOf(findings, options),
    open: [
      t.openHost(hostname ?? options.host),
      t.openTCP(port),
      t.openUDP(udpPortOf(findings)),
      ...(addresses === '' ? [] : [t.openAddresses(addresses)]),
      t.openProxy,
    ],
    advice: adviceOf(findings, options.texts),
  };
}

/** The steps of which something is known. */
export function rowsOf(findings: Findings, { texts, language }: Pick<SheetOptions, 'texts' | 'language'>): Row[] {
  return steps.map((step) => ({
    step, label: texts.pages.netTest.steps[step], text: wordsOf(step, findings, texts, language), light: lightOf(step, findings),
  }));
}

/** UDP port of the server's addresses; 10000 unless they say otherwise (docs/architecture.md). */
function udpPortOf(findings: Findings): string {
  return /:(\d+)$/.exec(findings.servers[0] ?? '')?.[1] ?? '10000';
}

function wordsOf(step: Step, f: Findings, texts: Texts, language: 'de' | 'en'): string {
  const t = texts.pages.netTest;
  const format = (value: number, digits: number): string =>
    value.toLocaleString(language === 'de' ? 'de-DE' : 'en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const rate = (bits: number | undefined): string => (bits === undefined ? t.notMeasured : t.rate(format(bits / 1_000_000, 1)));
  switch (step) {
    case 'browser':
      if (!f.browser.secure) return t.insecure;
      return f.browser.webRTC && f.browser.codecs.length > 0 ? t.browserGood(f.browser.codecs.join(', ')) : t.browserBad;
    case 'microphone':
    case 'camera':
      return f[step] === 'silent' ? t.silent[step] : t.devices[f[step]];
    case 'https':
      return f.https === undefined ? t.httpsBad : t.httpsGood(Math.round(f.https));
    case 'socket':
    case 'udp':
    case 'tls':
      return t.reached[step][f[step]];
    case 'path':
      return f.path === undefined ? t.notMeasured : t.paths[f.path];
    case 'roundTrip':
      return f.measures?.roundTrip === undefined ? t.notMeasured : t.milliseconds(Math.round(f.measures.roundTrip));
    case 'loss':
      return f.measures ? t.loss(format(f.measures.lossUp * 100, 1), format(f.measures.lossDown * 100, 1)) : t.notMeasured;
    case 'upload':
      return rate(f.measures?.up);
    case 'download':
      return rate(f.measures?.down);
  }
}

function adviceOf(f: Findings, texts: Texts): string[] {
  const t = texts.pages.netTest.advice;
  const verdict = verdictOf(f);
  const advice: string[] = [];
  if (verdict === 'browser') return [t.browser];
  if (verdict === 'noServer' || verdict === 'noSocket') return [verdict === 'noServer' ? t.server : t.socket];
  if (verdict === 'busy') return [t.busy];
  if (f.udp === 'no') advice.push(t.udp);
  if (f.tls === 'no') advice.push(t.tls);
  if (verdict === 'weak' || verdict === 'poor') advice.push(t.line);
  if ([f.microphone, f.camera].some((device) => device !== 'works' && device !== 'skipped')) advice.push(t.devices);
  return advice;
}

/** The sheet as plain text, for a mail. */
export function textOfSheet(sheet: Sheet, texts: Texts): string {
  const t = texts.pages.netTest;
  const light = (of: Light | undefined): string => (of ? ` [${t.lights[of]}]` : '');
  return [
    sheet.title, sheet.about, '',
    `${t.result}: ${sheet.verdict.text}`, '',
    ...sheet.rows.map((row) => `- ${row.label}: ${row.text}${light(row.light)}`), '',
    ...(sheet.advice.length === 0 ? [] : [`${t.adviceTitle}:`, ...sheet.advice.map((line) => `- ${line}`), '']),
    `${t.openTitle}:`, ...sheet.open.map((line) => `- ${line}`), '',
  ].join('\n');
}

/** The sheet for print and PDF. */
export function paragraphsOfSheet(sheet: Sheet, texts: Texts): Paragraph[] {
  const t = texts.pages.netTest;
  const text = (line: string): Paragraph => ({ kind: 'text', text: line });
  return [
    { kind: 'title', text: sheet.title }, text(sheet.about),
    { kind: 'heading', text: t.result }, { kind: 'text', text: sheet.verdict.text, mark: sheet.verdict.light },
    { kind: 'heading', text: t.stepsTitle },
    ...sheet.rows.map((row): Paragraph => ({ kind: 'text', text: `${row.label}: ${row.text}${row.light ? ` (${t.lights[row.light]})` : ''}`, mark: row.light })),
    ...(sheet.advice.length === 0 ? [] : [{ kind: 'heading', text: t.adviceTitle } as const, ...sheet.advice.map(text)]),
    { kind: 'heading', text: t.openTitle }, ...sheet.open.map(text),
  ];
}
