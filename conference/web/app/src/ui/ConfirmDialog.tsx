import type { ReactNode } from 'react';
import { useEffect, useId, useRef } from 'react';
import styles from './ConfirmDialog.module.css';
import controls from './controls.module.css';
import { useTexts } from './useTexts';

interface ConfirmDialogProps {
  readonly question: string;
  readonly hint: string;
  readonly confirm: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  /** What may be chosen along with it. */
  readonly children?: ReactNode;
}

/** Asks before something that cannot be undone. Escape and the first button, which has the focus, change nothing. */
export function ConfirmDialog({ question, hint, confirm, onConfirm, onClose, children }: ConfirmDialogProps) {
  const t = useTexts();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    cancel.current?.focus();
  }, []);
  const accept = (): void => {
    dialog.current?.close();
    onConfirm();
  };
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={id} aria-describedby={`${id}-hint`} onClose={onClose}>
      <h2 id={id}>{question}</h2>
      <p id={`${id}-hint`} className={styles.hint}>{hint}</p>
      {children !== undefined && <div className={styles.choices}>{children}</div>}
      <div className={styles.answers}>
        <button ref={cancel} type="button" className={controls.secondary} onClick={() => { dialog.current?.close(); }}>{t.cancel}</button>
        <button type="button" className={controls.danger} onClick={accept}>{confirm}</button>
      </div>
    </dialog>
  );
}
