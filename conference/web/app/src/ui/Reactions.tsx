import type { Session } from '../state/session';
import styles from './Reactions.module.css';
import { Sign } from './Sign';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Reactions of the last seconds, floating over the pictures. They are not read out: a class that applauds would be heard for minutes. */
export function Reactions({ session }: { readonly session: Session }) {
  const t = useTexts();
  const { reactions, participants, self } = useReadable(session);
  return (
    <ul className={styles.floating} aria-label={t.moderation.reactions.title} data-testid="reactions">
      {reactions.map(({ key, id, kind }) => {
        const name = id === self ? t.room.you : participants.find((p) => p.id === id)?.name;
        if (name === undefined) return null;
        return (
          <li key={key} className={styles.bubble}>
            <Sign kind={kind} />
            <span className="hidden">{t.moderation.reactions[kind]}</span>
            <span className={styles.from}>{name}</span>
          </li>
        );
      })}
    </ul>
  );
}
