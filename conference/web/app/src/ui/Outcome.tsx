import type { Texts } from '../i18n/de';
import type { Report } from '../signaling/messages';
import type { Stay } from '../state/attendance';
import type { Directory } from '../state/directory';
import type { Phase } from '../state/room';
import { AttendanceButton } from './AttendanceButton';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './Outcome.module.css';
import { Card, Page } from './Page';
import { navigate } from './path';
import { useFocusOnMount } from './useFocusOnMount';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

type Over = Extract<Phase, { kind: 'refused' | 'ended' | 'left' }>;

interface OutcomeProps {
  readonly phase: Over;
  /** What an organiser's page has seen. */
  readonly attendance: readonly Stay[];
  readonly room: string;
  readonly directory: Directory;
  readonly onAgain: () => void;
}

/** How a stay ended, in plain words, and what to do next. */
export function Outcome({ phase, attendance, room, directory, onAgain }: OutcomeProps) {
  const t = useTexts();
  const heading = useFocusOnMount<HTMLHeadingElement>();
  const { title, text } = wordsOf(t, phase);
  useTitle(title);
  // Who was sent out finds the door shut as long as the lesson lasts: the page does not send them there again.
  const removed = (phase.kind === 'refused' && (phase.code === 'removed' || phase.code === 'turned-away')) || (phase.kind === 'ended' && phase.reason === 'removed');
  const stale = phase.kind === 'refused' && (phase.code === 'bad-message' || phase.code === 'outdated');
  const report = phase.kind === 'ended' ? phase.report : undefined;
  const again = (): void => {
    if (stale) window.location.reload();
    else {
      // A login that has run out is noticed here, so that the next screen offers it.
      void directory.load();
      onAgain();
    }
  };
  return (
    <Page directory={directory} narrow>
      <Card labelledBy="titel">
        <p className={styles.room}>{t.check.title(room)}</p>
        <h1 id="titel" ref={heading} tabIndex={-1}>{title}</h1>
        {report ? <Proof report={report} /> : <p className={styles.text}>{text}</p>}
        {attendance.length > 0 && <div className={styles.attendance}><AttendanceButton stays={attendance} title={room} /></div>}
        <div className={styles.steps}>
          {!removed && <button type="button" className={controls.primary} onClick={again}>{nextStep(t, phase, stale)}</button>}
          <button type="button" className={removed ? controls.primary : controls.secondary} onClick={() => { navigate('/'); }}>{t.home}</button>
        </div>
      </Card>
    </Page>
  );
}

/** What the server found after the end. */
function Proof({ report }: { readonly report: Report }) {
  const words = useTexts().moderation.over;
  const people = words.people(report.participants);
  const messages = words.messages(report.messages);
  return (
    <p className={report.verified ? styles.proof : styles.text} data-testid="proof">
      {report.verified && <Icon name="check" />}
      <span>{report.verified ? words.verified(people, messages) : words.unverified(people, messages)}</span>
    </p>
  );
}

function wordsOf(t: Texts, phase: Over): { readonly title: string; readonly text: string } {
  switch (phase.kind) {
    case 'refused':
      return t.outcome.refused[phase.code];
    case 'ended':
      return phase.report ? { title: t.moderation.over.title, text: '' } : t.outcome.ended[phase.reason];
    case 'left':
      return t.outcome.left;
  }
}

function nextStep(t: Texts, phase: Over, stale: boolean): string {
  if (stale) return t.outcome.reload;
  if (phase.kind === 'refused' && phase.code === 'login-required') return t.outcome.login;
  if (phase.kind === 'refused' && phase.code === 'name-invalid') return t.outcome.changeName;
  return t.outcome.again;
}
