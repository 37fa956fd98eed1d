import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './PeoplePanel.module.css';
import { spacedCode } from './spacedCode';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** The way out of an emergency: who goes on, who goes; and the code that holds from now on. */
export function EmergencyList({ session, onRemove }: { readonly session: Session; readonly onRemove: (participant: string) => void }) {
  const t = useTexts();
  const words = t.moderation.people;
  const { participants, room } = useReadable(session);
  const held = participants.filter((p) => p.held === true);
  const code = room?.code ?? '';
  return (
    <section aria-labelledby="stoerung" className={styles.alarm}>
      <h3 id="stoerung"><Icon name="stop" size={20} />{words.emergency}</h3>
      <p>{words.emergencyHint}</p>
      {code !== '' && <p>{t.moderation.banner.newCode} <strong className={styles.code}>{spacedCode(code)}</strong></p>}
      {held.length === 0 && <p>{words.nobodyHeld}</p>}
      <ul className={styles.list}>
        {held.map(({ id, name }) => (
          <li key={id} className={styles.answer}>
            <span className={styles.name}>{name}</span>
            <button type="button" className={controls.primary} aria-label={words.releaseNamed(name)} onClick={() => { session.order({ type: 'release', participant: id }); }}>{words.release}</button>
            <button type="button" className={controls.danger} aria-label={t.people.removeNamed(name)} onClick={() => { onRemove(id); }}>{words.remove}</button>
          </li>
        ))}
      </ul>
      <button type="button" className={held.length > 0 ? controls.secondary : controls.primary} onClick={() => { session.order({ type: 'emergency', on: false }); }}>
        {held.length > 0 ? words.releaseAll : words.emergencyOver}
      </button>
    </section>
  );
}
