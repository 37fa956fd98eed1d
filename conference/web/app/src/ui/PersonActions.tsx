import { useId } from 'react';
import type { Allowance, Participant, Right } from '../signaling/messages';
import { allowances } from '../signaling/messages';
import { grantOf } from '../state/rights';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './PersonActions.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface PersonActionsProps {
  readonly person: Participant;
  readonly own: boolean;
  readonly session: Session;
  readonly onRemove: () => void;
}

/** What an organiser may do with one person: at once, from now on, and where they belong. */
export function PersonActions({ person, own, session, onRemove }: PersonActionsProps) {
  const t = useTexts();
  const words = t.moderation.people;
  const { settings } = useReadable(session);
  const participant = person.id;
  if (person.role === 'organiser') {
    return (
      <div className={styles.actions}>
        <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'setRole', participant, role: 'participant' }); }}>
          {own ? words.stepDown : words.takeBack}
        </button>
      </div>
    );
  }
  const rights: readonly Right[] = settings.camerasTo === 'organisers' ? ['microphone', 'camera', 'shown', 'screen', 'chat'] : ['microphone', 'camera', 'screen', 'chat'];
  return (
    <div className={styles.actions}>
      <Now person={person} session={session} />
      <fieldset className={styles.rights}>
        <legend>{words.may}</legend>
        {rights.map((right) => <RightChoice key={right} person={person} right={right} session={session} />)}
      </fieldset>
      <div className={styles.buttons}>
        <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'setRole', participant, role: 'organiser' }); }}>{words.makeOrganiser}</button>
        <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'toLobby', participant }); }}>{words.toLobby}</button>
        <button type="button" className={controls.danger} aria-label={t.people.removeNamed(person.name)} onClick={onRemove}><Icon name="remove" size={18} />{words.remove}</button>
      </div>
    </div>
  );
}

function Now({ person, session }: Pick<PersonActionsProps, 'person' | 'session'>) {
  const words = useTexts().moderation.people;
  const participant = person.id;
  return (
    <div className={styles.buttons}>
      {person.mic && <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'mute', participant, source: 'microphone' }); }}>{words.mute}</button>}
      {person.camera && <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'mute', participant, source: 'camera' }); }}>{words.stopCamera}</button>}
      {person.screen && <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'mute', participant, source: 'screen' }); }}>{words.stopScreen}</button>}
      {!person.mic && !person.camera && !person.screen && <p className={controls.hint}>{words.nothingOn}</p>}
    </div>
  );
}

function RightChoice({ person, right, session }: { readonly person: Participant; readonly right: Right; readonly session: Session }) {
  const words = useTexts().moderation.people;
  const id = useId();
  const allow = (value: Allowance | undefined): void => {
    if (value) session.order({ type: 'allow', participant: person.id, what: right, value });
  };
  return (
    <div className={styles.right}>
      <label htmlFor={id}>{words.rights[right]}</label>
      <select id={id} className={controls.input} value={grantOf(person, right)} onChange={(event) => { allow(allowances.find((one) => one === event.target.value)); }}>
        {(['rule', 'yes', 'no'] as const).map((grant) => <option key={grant} value={grant}>{words.grants[grant]}</option>)}
      </select>
    </div>
  );
}
