import type { ReactionKind } from '../signaling/messages';
import { reactionKinds } from '../signaling/messages';
import type { Session } from '../state/session';
import styles from './Reactions.module.css';
import { Sign } from './Sign';
import { useTexts } from './useTexts';

/** One tap, one reaction. */
export function ReactionMenu({ session, onDone }: { readonly session: Session; readonly onDone: () => void }) {
  const t = useTexts();
  const react = (kind: ReactionKind): void => {
    session.react(kind);
    onDone();
  };
  return (
    <div className={styles.menu}>
      {reactionKinds.map((kind) => (
        <button key={kind} type="button" className={styles.choice} onClick={() => { react(kind); }}>
          <Sign kind={kind} />
          <span>{t.moderation.reactions[kind]}</span>
        </button>
      ))}
    </div>
  );
}
