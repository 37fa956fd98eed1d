import type { Participant } from '../signaling/messages';
import { hasFloor } from '../state/rights';
import { isOrganiser } from '../state/room';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './PeoplePanel.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Raised hands, the same order for everybody: who was first is called first. Below them, for organisers, who was called. */
export function Hands({ session, hands }: { readonly session: Session; readonly hands: readonly Participant[] }) {
  const t = useTexts();
  const words = t.moderation.people;
  const state = useReadable(session);
  const organiser = isOrganiser(state);
  if (hands.length === 0) return organiser ? <Floor session={session} /> : null;
  const lower = (participant: string): void => { session.order({ type: 'lowerHand', participant }); };
  return (
    <>
      <section aria-labelledby="meldungen" className={styles.urgent}>
        <div className={styles.head}>
          <h3 id="meldungen"><Icon name="hand" size={20} />{words.hands(hands.length)}</h3>
          {organiser && hands.length > 1 && <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'lowerHand' }); }}>{words.lowerAll}</button>}
        </div>
        <ol className={styles.list}>
          {hands.map(({ id, name, role }, index) => (
            <li key={id} className={styles.answer}>
              <span className={styles.name}><span className={styles.place} aria-hidden="true">{index + 1}.</span> {id === state.self ? t.room.youNamed(name) : name}</span>
              {organiser && role === 'participant' && (
                <button type="button" className={controls.primary} aria-label={words.floorNamed(name)} onClick={() => { giveFloor(session, id); }}>{words.floor}</button>
              )}
              {organiser && <button type="button" className={controls.secondary} aria-label={words.lowerNamed(name)} onClick={() => { lower(id); }}>{words.lower}</button>}
            </li>
          ))}
        </ol>
      </section>
      {organiser && <Floor session={session} />}
    </>
  );
}

/** Who may speak whatever the rules say, and the way back. */
function Floor({ session }: { readonly session: Session }) {
  const words = useTexts().moderation.people;
  const people = useReadable(session).participants.filter(hasFloor);
  if (people.length === 0) return null;
  return (
    <section aria-labelledby="rederecht" className={styles.urgent}>
      <div className={styles.head}><h3 id="rederecht"><Icon name="mic" size={20} />{words.floorTitle(people.length)}</h3></div>
      <ul className={styles.list}>
        {people.map((person) => (
          <li key={person.id} className={styles.answer}>
            <span className={styles.name}>{person.name}</span>
            <button type="button" className={controls.secondary} aria-label={words.floorBackNamed(person.name)} onClick={() => { takeFloor(session, person); }}>{words.floorBack}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function giveFloor(session: Session, participant: string): void {
  session.order({ type: 'allow', participant, what: 'microphone', value: 'yes' });
  session.order({ type: 'lowerHand', participant });
}

/** The rules hold again. Where they let everybody speak, somebody who still does is muted. */
function takeFloor(session: Session, { id: participant, mic }: Participant): void {
  session.order({ type: 'allow', participant, what: 'microphone', value: 'rule' });
  if (mic) session.order({ type: 'mute', participant, source: 'microphone' });
}
