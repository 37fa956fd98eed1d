import type { Visitor } from '../signaling/messages';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './PeoplePanel.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Who waits to be let in; one tap each, or one for all whose code was looked at. */
export function LobbyList({ session }: { readonly session: Session }) {
  const words = useTexts().moderation.people;
  const { lobby } = useReadable(session);
  if (lobby.length === 0) return null;
  const unchecked = lobby.filter((v) => v.unchecked === true);
  const checked = lobby.filter((v) => v.unchecked !== true);
  return (
    <section aria-labelledby="warteraum" className={styles.urgent}>
      <div className={styles.head}>
        <h3 id="warteraum"><Icon name="door" size={20} />{words.lobby(lobby.length)}</h3>
        {checked.length > 1 && <button type="button" className={controls.primary} onClick={() => { session.order({ type: 'admit' }); }}>{words.admitAll}</button>}
      </div>
      {checked.length > 0 && <ul className={styles.list} aria-labelledby="warteraum">{checked.map((visitor) => <Waiting key={visitor.id} visitor={visitor} session={session} />)}</ul>}
      {unchecked.length > 0 && (
        <div className={styles.unchecked}>
          <h4 id="ungeprueft"><Icon name="warning" size={18} />{words.unchecked}</h4>
          <p>{words.uncheckedHint}</p>
          <ul className={styles.list} aria-labelledby="ungeprueft">{unchecked.map((visitor) => <Waiting key={visitor.id} visitor={visitor} session={session} />)}</ul>
        </div>
      )}
    </section>
  );
}

function Waiting({ visitor: { id, name }, session }: { readonly visitor: Visitor; readonly session: Session }) {
  const words = useTexts().moderation.people;
  return (
    <li className={styles.answer}>
      <span className={styles.name}>{name}</span>
      <button type="button" className={controls.primary} aria-label={words.admitNamed(name)} onClick={() => { session.order({ type: 'admit', visitor: id }); }}>{words.admit}</button>
      <button type="button" className={controls.secondary} aria-label={words.turnAwayNamed(name)} onClick={() => { session.order({ type: 'turnAway', visitor: id }); }}>{words.turnAway}</button>
    </li>
  );
}
