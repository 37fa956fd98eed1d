import { piecesOf } from '../state/links';
import styles from './ChatPanel.module.css';
import { useTexts } from './useTexts';

/** A message as plain text; addresses in it can be pressed, and lead nowhere by themselves. */
export function MessageText({ text, onLink }: { readonly text: string; readonly onLink: (link: string) => void }) {
  const words = useTexts().moderation.chat;
  return piecesOf(text).map((piece, index) => (piece.kind === 'text'
    ? piece.text
    : <button key={index} type="button" className={styles.link} aria-label={words.linkOpen(piece.text)} onClick={() => { onLink(piece.text); }}>{piece.text}</button>));
}
