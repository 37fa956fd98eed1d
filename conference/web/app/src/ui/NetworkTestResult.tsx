import { useMemo, useState } from 'react';
import { language } from '../i18n/language';
import type { Findings } from '../nettest/findings';
import type { Sheet } from '../nettest/sheet';
import { paragraphsOfSheet, sheetOf, textOfSheet } from '../nettest/sheet';
import type { Directory } from '../state/directory';
import { classes } from './classes';
import controls from './controls.module.css';
import { CopyButton } from './CopyButton';
import styles from './NetworkTest.module.css';
import { Card } from './Page';
import { Problem } from './Problem';
import { saveFile } from './saveFile';
import { TrafficLight } from './TrafficLight';
import { useFocusOnMount } from './useFocusOnMount';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface NetworkTestResultProps {
  readonly findings: Findings;
  readonly directory: Directory;
  readonly onAgain: () => void;
}

/** The verdict in one sentence, what to do, everything in detail, and the sheet to pass on. */
export function NetworkTestResult({ findings, directory, onAgain }: NetworkTestResultProps) {
  const texts = useTexts();
  const t = texts.pages.netTest;
  const heading = useFocusOnMount<HTMLHeadingElement>();
  const lang = useReadable(language);
  const { site } = useReadable(directory);
  const [at] = useState(() => new Date());
  const name = site === undefined || site === 'unreachable' ? texts.product : site.name;
  const sheet = useMemo(
    () => sheetOf(findings, { texts, language: lang, site: name, host: window.location.host, at }),
    [findings, texts, lang, name, at],
  );
  return (
    <>
      <Card labelledBy="ergebnis">
        <p className={styles.about}>{sheet.about}</p>
        <h2 id="ergebnis" className="hidden">{t.result}</h2>
        <p ref={heading} tabIndex={-1} className={classes(styles.verdict, styles[`${sheet.verdict.light}Verdict`])} data-testid="verdict" data-light={sheet.verdict.light}>
          <TrafficLight light={sheet.verdict.light} size={40} /><span>{sheet.verdict.text}</span>
        </p>
        {sheet.advice.length > 0 && (
          <>
            <h3 className={styles.part}>{t.adviceTitle}</h3>
            <ul className={styles.bullets}>{sheet.advice.map((line) => <li key={line}>{line}</li>)}</ul>
          </>
        )}
        <Actions sheet={sheet} onAgain={onAgain} />
      </Card>
      <Card labelledBy="einzelheiten">
        <h2 id="einzelheiten">{t.stepsTitle}</h2>
        <ul className={styles.steps} data-testid="steps">
          {sheet.rows.map((row) => (
            <li key={row.step} className={styles.step} data-step={row.step} data-light={row.light}>
              <TrafficLight light={row.light} />
              <span><strong>{row.label}:</strong> {row.text}{row.light && <span className={styles.word}> ({t.lights[row.light]})</span>}</span>
            </li>
          ))}
        </ul>
      </Card>
      <Card labelledBy="oeffnen">
        <h2 id="oeffnen">{t.openTitle}</h2>
        <ul className={styles.bullets}>{sheet.open.map((line) => <li key={line}>{line}</li>)}</ul>
      </Card>
    </>
  );
}

function Actions({ sheet, onAgain }: { readonly sheet: Sheet; readonly onAgain: () => void }) {
  const texts = useTexts();
  const t = texts.pages.netTest;
  const lang = useReadable(language);
  const [failed, setFailed] = useState(false);
  const savePdf = async (): Promise<void> => {
    try {
      // Few people need it, so it comes when it is asked for.
      const { makePdf } = await import('../nettest/pdf');
      saveFile(makePdf(paragraphsOfSheet(sheet, texts), { title: sheet.title, language: lang }), 'application/pdf', t.fileName);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <div className={classes(styles.actions, 'screenOnly')}>
      <button type="button" className={controls.primary} onClick={() => { void savePdf(); }}>{t.pdf}</button>
      <CopyButton text={textOfSheet(sheet, texts)} label={t.copy} />
      <button type="button" className={controls.secondary} onClick={() => { window.print(); }}>{t.print}</button>
      <button type="button" className={controls.quiet} onClick={onAgain}>{t.again}</button>
      {failed && <Problem>{t.pdfFailed}</Problem>}
    </div>
  );
}
