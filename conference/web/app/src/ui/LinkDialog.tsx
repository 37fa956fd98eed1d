import { useEffect, useRef } from 'react';
import styles from './ConfirmDialog.module.css';
import chat from './ChatPanel.module.css';
import controls from './controls.module.css';
import { useTexts } from './useTexts';

/** Shows where an address leads before it is opened, in a new window that learns nothing of this one. */
export function LinkDialog({ link, onClose }: { readonly link: string; readonly onClose: () => void }) {
  const t = useTexts();
  const words = t.moderation.chat;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => { dialog.current?.showModal(); }, []);
  const close = (): void => { dialog.current?.close(); };
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby="adresse" aria-describedby="adresse-hinweis" onClose={onClose}>
      <h2 id="adresse">{words.linkTitle}</h2>
      <p className={chat.address}>{link}</p>
      <p id="adresse-hinweis" className={styles.hint}>{words.linkHint}</p>
      <div className={styles.answers}>
        <button type="button" className={controls.secondary} onClick={close}>{t.cancel}</button>
        <a className={controls.primary} href={link} target="_blank" rel="noopener noreferrer" onClick={close}>{words.linkConfirm}</a>
      </div>
    </dialog>
  );
}
