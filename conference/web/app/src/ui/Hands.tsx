import type { Participant } from '../signaling/messages';
import { isOrganiser } from '../state/room';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './PeoplePanel.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Raised hands, the same order for everybody: who was first is called first. */
export function Hands({ session, hands }: { readonly session: Session; readonly hands: readonly Participant[] }) {
  const t = useTexts();
  const words = t.moderation.people;
  const state = useReadable(session);
  const organiser = isOrganiser(state);
  if (hands.length === 0) return null;
  return (
    <section aria-labelledby="meldungen" className={styles.urgent}>
      <div className={styles.head}>
        <h3 id="meldungen"><Icon name="hand" size={20} />{words.hands(hands.length)}</h3>
        {organiser && hands.length > 1 && <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'lowerHand' }); }}>{words.lowerAll}</button>}
      </div>
      <ol className={styles.list}>
        {hands.map(({ id, name }, index) => (
          <li key={id} className={styles.answer}>
            <span className={styles.place} aria-hidden="true">{index + 1}.</span>
            <span className={styles.name}>{id === state.self ? t.room.youNamed(name) : name}</span>
            {organiser && (
              <button type="button" className={controls.secondary} aria-label={words.lowerNamed(name)} onClick={() => { session.order({ type: 'lowerHand', participant: id }); }}>
                {words.lower}
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
