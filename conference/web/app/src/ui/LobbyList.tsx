import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './PeoplePanel.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Who waits to be let in; one tap each, or one for all. */
export function LobbyList({ session }: { readonly session: Session }) {
  const words = useTexts().moderation.people;
  const { lobby } = useReadable(session);
  if (lobby.length === 0) return null;
  return (
    <section aria-labelledby="warteraum" className={styles.urgent}>
      <div className={styles.head}>
        <h3 id="warteraum"><Icon name="door" size={20} />{words.lobby(lobby.length)}</h3>
        {lobby.length > 1 && <button type="button" className={controls.primary} onClick={() => { session.order({ type: 'admit' }); }}>{words.admitAll}</button>}
      </div>
      <ul className={styles.list}>
        {lobby.map(({ id, name }) => (
          <li key={id} className={styles.answer}>
            <span className={styles.name}>{name}</span>
            <button type="button" className={controls.primary} aria-label={words.admitNamed(name)} onClick={() => { session.order({ type: 'admit', visitor: id }); }}>{words.admit}</button>
            <button type="button" className={controls.secondary} aria-label={words.turnAwayNamed(name)} onClick={() => { session.order({ type: 'turnAway', visitor: id }); }}>{words.turnAway}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}
