import { useState } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import type { Participant } from '../signaling/messages';
import { peopleOrder } from '../state/order';
import { selfOf } from '../state/room';
import type { Session } from '../state/session';
import { Avatar } from './Avatar';
import { Icon } from './Icon';
import { Panel } from './Panel';
import styles from './PeoplePanel.module.css';
import { RemoveDialog } from './RemoveDialog';
import room from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface PeoplePanelProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly onClose: () => void;
}

/** Who is inside, and whose microphone and camera are on. Organisers lock the room here and remove somebody. */
export function PeoplePanel({ session, media, onClose }: PeoplePanelProps) {
  const t = useTexts();
  const state = useReadable(session);
  const { participants, self } = state;
  const [asked, setAsked] = useState<string>();
  // The server tells everybody but oneself what one sends.
  const { mic, camera } = useReadable(media);
  const organiser = selfOf(state)?.role === 'organiser';
  const removing = participants.find((p) => p.id === asked);
  return (
    <>
      <Panel title={t.people.title} onClose={onClose}>
        <div className={room.panelBody} tabIndex={0} role="region" aria-label={t.people.count(participants.length)}>
          <Lock locked={state.settings.locked} onChange={organiser ? (locked) => { session.order({ type: 'settings', locked }); } : undefined} />
          <p className={styles.count}>{t.people.count(participants.length)}</p>
          <ul className={styles.list}>
            {peopleOrder(participants, self).map((person) => (
              <Person
                key={person.id} person={person.id === self ? { ...person, mic, camera, away: false } : person} own={person.id === self}
                onRemove={organiser && person.role === 'participant' ? () => { setAsked(person.id); } : undefined}
              />
            ))}
          </ul>
        </div>
      </Panel>
      {removing && (
        <RemoveDialog name={removing.name} onRemove={() => { session.order({ type: 'remove', participant: removing.id }); }} onClose={() => { setAsked(undefined); }} />
      )}
    </>
  );
}

interface LockProps {
  readonly locked: boolean;
  /** undefined: may not change it. */
  readonly onChange: ((locked: boolean) => void) | undefined;
}

function Lock({ locked, onChange }: LockProps) {
  const t = useTexts();
  if (!onChange) return locked ? <p className={styles.locked}><Icon name="lock" size={20} />{t.people.lockedHint}</p> : null;
  return (
    <div className={styles.lock}>
      <button type="button" role="switch" aria-checked={locked} aria-describedby="schloss" className={styles.switch} onClick={() => { onChange(!locked); }}>
        <Icon name="lock" size={20} />
        <span className={styles.switchName}>{t.people.lock}</span>
        <span className={styles.track} aria-hidden="true" />
      </button>
      <p id="schloss" className={styles.hint}>{t.people.lockHint}</p>
    </div>
  );
}

interface PersonProps {
  readonly person: Participant;
  readonly own: boolean;
  /** undefined: may not be removed, or not by this person. */
  readonly onRemove: (() => void) | undefined;
}

function Person({ person, own, onRemove }: PersonProps) {
  const t = useTexts();
  return (
    <li className={styles.person}>
      <Avatar id={person.id} name={person.name} size={40} />
      <span className={styles.name}>
        {own ? t.room.youNamed(person.name) : person.name}
        {person.role === 'organiser' && <small>{t.room.organiser}</small>}
        {person.away === true && <small className={styles.away}>{t.room.away}</small>}
      </span>
      <span className={styles.state}>
        <Icon name={person.mic ? 'mic' : 'micOff'} size={20} /><span className="hidden">{person.mic ? t.room.unmuted : t.room.muted}</span>
        <Icon name={person.camera ? 'camera' : 'cameraOff'} size={20} /><span className="hidden">{person.camera ? t.room.cameraOn : t.room.cameraOff}</span>
      </span>
      {onRemove && (
        <button type="button" className={room.iconButton} onClick={onRemove} aria-label={t.people.removeNamed(person.name)} title={t.people.remove}>
          <Icon name="remove" size={20} />
        </button>
      )}
    </li>
  );
}
