import { useState } from 'react';
import { adviseOn } from '../rtc/lineAdvice';
import type { LineAdvice } from '../rtc/lineAdvice';
import type { LocalMedia } from '../rtc/localMedia';
import { presenterOf } from '../state/order';
import { viewChoice } from '../state/layoutChoice';
import type { Session } from '../state/session';
import { Icon } from './Icon';
import styles from './Stage.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Closes the camera and the shared screen and asks for no pictures; only ever on somebody's own click. */
export function chooseAudioOnly(media: LocalMedia): void {
  void media.setCamera(false).then(() => media.setScreen(false)).then(() => { viewChoice.dispatch({ audioOnly: true }); });
}

interface LineHintProps {
  readonly session: Session;
  readonly media: LocalMedia;
  /** The ID of the person shown large. */
  readonly shown: string | undefined;
}

/** One sentence about the line that is weak and whose end it is; after a while with a remedy to choose. Nothing is changed unasked. */
export function LineHint({ session, media, shown }: LineHintProps) {
  const t = useTexts();
  const state = useReadable(session);
  const line = useReadable(session.line);
  const { camera } = useReadable(media);
  const { audioOnly } = useReadable(viewChoice);
  const [dismissed, setDismissed] = useState('');
  if (state.link !== 'ok' || state.media !== 'connected') return null;
  const attended = [shown, presenterOf(state.participants)?.id, state.speakers[0]].filter((id) => id !== undefined);
  const advice = adviseOn(line, state.participants, state.self, attended);
  if (!advice) return null;
  const key = keyOf(advice, line.since);
  if (key === dismissed) return null;
  const offer = advice.kind === 'own' && advice.offer && !audioOnly;
  return (
    <div role="status" className={styles.note} data-testid="line-advice">
      <Icon name="lineWeak" size={20} />
      <p>{sentence(advice, t)}{offer && ` ${t.media.line.offer}`}</p>
      <button type="button" className={styles.close} onClick={() => { setDismissed(key); }} aria-label={t.media.line.dismiss} title={t.media.line.dismiss}>
        <Icon name="close" size={18} />
      </button>
      {offer && (
        <div className={styles.remedies}>
          <button type="button" onClick={() => { chooseAudioOnly(media); }}>{t.media.line.audioOnly}</button>
          {camera && <button type="button" onClick={() => { void media.setCamera(false); }}>{t.media.line.cameraOff}</button>}
        </div>
      )}
    </div>
  );
}

function sentence(advice: LineAdvice, t: ReturnType<typeof useTexts>): string {
  switch (advice.kind) {
    case 'own':
      return t.media.line[advice.end];
    case 'server':
      return t.media.line.server;
    case 'other':
      return t.media.line.other(advice.name);
  }
}

/** What was closed stays closed until it is about something else, or gets so bad that there is something to offer. */
function keyOf(advice: LineAdvice, since: number): string {
  switch (advice.kind) {
    case 'own':
      return `own ${since} ${advice.offer}`;
    case 'server':
      return 'server';
    case 'other':
      return `other ${advice.id}`;
  }
}
