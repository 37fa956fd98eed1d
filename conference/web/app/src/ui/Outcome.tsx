import type { Texts } from '../i18n/de';
import type { Directory } from '../state/directory';
import type { Phase } from '../state/room';
import controls from './controls.module.css';
import styles from './Outcome.module.css';
import { Card, Page } from './Page';
import { navigate } from './path';
import { useFocusOnMount } from './useFocusOnMount';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

type Over = Extract<Phase, { kind: 'refused' | 'ended' | 'left' }>;

interface OutcomeProps {
  readonly phase: Over;
  readonly room: string;
  readonly directory: Directory;
  readonly onAgain: () => void;
}

/** How a stay ended, in plain words, and what to do next. */
export function Outcome({ phase, room, directory, onAgain }: OutcomeProps) {
  const t = useTexts();
  const heading = useFocusOnMount<HTMLHeadingElement>();
  const { title, text } = wordsOf(t, phase);
  useTitle(title);
  // Who was removed finds the door shut as long as the room lasts: the page does not send them there again.
  const removed = (phase.kind === 'refused' && phase.code === 'removed') || (phase.kind === 'ended' && phase.reason === 'removed');
  const stale = phase.kind === 'refused' && phase.code === 'bad-message';
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
        <p className={styles.text}>{text}</p>
        <div className={styles.steps}>
          {!removed && <button type="button" className={controls.primary} onClick={again}>{nextStep(t, phase, stale)}</button>}
          <button type="button" className={removed ? controls.primary : controls.secondary} onClick={() => { navigate('/'); }}>{t.home}</button>
        </div>
      </Card>
    </Page>
  );
}

function wordsOf(t: Texts, phase: Over): { readonly title: string; readonly text: string } {
  switch (phase.kind) {
    case 'refused':
      return t.outcome.refused[phase.code];
    case 'ended':
      return t.outcome.ended[phase.reason];
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
