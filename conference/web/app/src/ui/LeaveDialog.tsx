import { useEffect, useRef } from 'react';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './LeaveDialog.module.css';
import { useTexts } from './useTexts';

/** Organisers choose: end for everybody, or go alone. Escape changes nothing. */
export function LeaveDialog({ session, onClose }: { readonly session: Session; readonly onClose: () => void }) {
  const t = useTexts();
  const words = t.moderation.leave;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => { dialog.current?.showModal(); }, []);
  const end = (): void => {
    dialog.current?.close();
    session.order({ type: 'end' });
  };
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="gehen" onClose={onClose}>
      <h2 id="gehen">{words.title}</h2>
      <div className={styles.choices}>
        <div>
          <button type="button" className={controls.danger} aria-describedby="gehen-ende" onClick={end}><Icon name="door" size={20} />{words.end}</button>
          <p id="gehen-ende" className={controls.hint}>{words.endHint}</p>
        </div>
        <div>
          <button type="button" className={controls.secondary} aria-describedby="gehen-allein" onClick={() => { session.leave(); }}><Icon name="leave" size={20} />{words.leave}</button>
          <p id="gehen-allein" className={controls.hint}>{words.leaveHint}</p>
        </div>
        <button type="button" className={controls.quiet} onClick={() => { dialog.current?.close(); }}>{t.cancel}</button>
      </div>
    </dialog>
  );
}
