import { useEffect, useRef } from 'react';
import { language } from '../i18n/language';
import type { Step } from '../nettest/findings';
import { steps } from '../nettest/findings';
import type { NetworkTest } from '../nettest/networkTest';
import { rowsOf } from '../nettest/sheet';
import { LevelMeter } from './LevelMeter';
import styles from './NetworkTest.module.css';
import { Card } from './Page';
import { TrafficLight } from './TrafficLight';
import { useFocusOnMount } from './useFocusOnMount';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** The figures of the line are measured together. */
const together: readonly Step[] = ['roundTrip', 'loss', 'upload', 'download'];

/** The steps while the test runs: what is through, what is being looked at, what comes. */
export function NetworkTestSteps({ test, withDevices }: { readonly test: NetworkTest; readonly withDevices: boolean }) {
  const texts = useTexts();
  const t = texts.pages.netTest;
  const heading = useFocusOnMount<HTMLHeadingElement>();
  const lang = useReadable(language);
  const { step: current, done, findings, track } = useReadable(test);
  const rows = rowsOf(findings, { texts, language: lang });
  const wanted = steps.filter((step) => withDevices || (step !== 'microphone' && step !== 'camera'));
  return (
    <Card labelledBy="test">
      <h2 id="test" ref={heading} tabIndex={-1}>{t.running}</h2>
      <p role="status" className="hidden">{current && t.steps[current]}</p>
      {track && <Device track={track} />}
      <ol className={styles.steps} data-testid="steps">
        {wanted.map((step) => {
          const row = rows.find((one) => one.step === step);
          const through = done.includes(step);
          const busy = !through && (step === current || (current === 'roundTrip' && together.includes(step)));
          return (
            <li key={step} className={styles.step}>
              <TrafficLight light={through ? row?.light : undefined} busy={busy} />
              <span><strong>{t.steps[step]}:</strong> {through ? row?.text : busy ? t.waiting : t.todo}</span>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}

/** The device that is being tried. */
function Device({ track }: { readonly track: MediaStreamTrack }) {
  const t = useTexts().pages.netTest;
  if (track.kind === 'video') return <OwnPicture track={track} />;
  return (
    <div className={styles.device}>
      <p className={styles.speak}>{t.speak}</p>
      <LevelMeter track={track} />
    </div>
  );
}

function OwnPicture({ track }: { readonly track: MediaStreamTrack }) {
  const t = useTexts().pages.netTest;
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    element.srcObject = new MediaStream([track]);
    return () => { element.srcObject = null; };
  }, [track]);
  return <div className={styles.device}><video ref={video} className={styles.picture} aria-label={t.preview} autoPlay muted playsInline /></div>;
}
