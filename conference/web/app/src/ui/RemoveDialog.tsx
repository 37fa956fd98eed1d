import { useEffect, useRef } from 'react';
import controls from './controls.module.css';
import styles from './PeoplePanel.module.css';
import { useTexts } from './useTexts';

interface RemoveDialogProps {
  readonly name: string;
  readonly onRemove: () => void;
  readonly onClose: () => void;
}

/** Asks before somebody is removed: among thirty names the wrong one is soon hit. Escape and the first button change nothing. */
export function RemoveDialog({ name, onRemove, onClose }: RemoveDialogProps) {
  const t = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => { dialog.current?.showModal(); }, []);
  const remove = (): void => {
    onRemove();
    dialog.current?.close();
  };
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="entfernen" aria-describedby="entfernen-hinweis" onClose={onClose}>
      <h2 id="entfernen">{t.people.removeQuestion(name)}</h2>
      <p id="entfernen-hinweis" className={styles.question}>{t.people.removeHint}</p>
      <div className={styles.answers}>
        <button type="button" className={controls.secondary} onClick={() => { dialog.current?.close(); }}>{t.cancel}</button>
        <button type="button" className={controls.danger} onClick={remove}>{t.people.removeConfirm}</button>
      </div>
    </dialog>
  );
}
