import { useId, useState } from 'react';
import type { Texts } from '../i18n/de';
import type { Participant } from '../signaling/messages';
import { isOrganiser } from '../state/room';
import type { Session } from '../state/session';
import { Avatar } from './Avatar';
import { Icon } from './Icon';
import styles from './PeoplePanel.module.css';
import { PersonActions } from './PersonActions';
import room from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface PersonProps {
  readonly person: Participant;
  readonly own: boolean;
  /** Among the raised hands, from 1; 0: the hand is down. */
  readonly place: number;
  readonly session: Session;
  readonly onRemove: () => void;
}

/** One row of the list. Organisers open below it what can be done. */
export function Person({ person, own, place, session, onRemove }: PersonProps) {
  const t = useTexts();
  const id = useId();
  const [open, setOpen] = useState(false);
  const organiser = isOrganiser(useReadable(session));
  return (
    <li className={styles.person}>
      <div className={styles.row}>
        <Avatar id={person.id} name={person.name} size={36} />
        <span className={styles.name}>
          {own ? t.room.youNamed(person.name) : person.name}
          {person.role === 'organiser' && <small>{t.room.organiser}</small>}
          {marksOf(t, person, place).map((mark) => <small key={mark} className={styles.away}>{mark}</small>)}
        </span>
        <span className={styles.state}>
          {person.screen && <><Icon name="screen" size={20} /><span className="hidden">{t.moderation.people.sharing}</span></>}
          <Icon name={person.mic ? 'mic' : 'micOff'} size={20} /><span className="hidden">{person.mic ? t.room.unmuted : t.room.muted}</span>
          <Icon name={person.camera ? 'camera' : 'cameraOff'} size={20} /><span className="hidden">{person.camera ? t.room.cameraOn : t.room.cameraOff}</span>
        </span>
        {organiser && (
          <button
            type="button" className={room.iconButton} aria-expanded={open} aria-controls={id} aria-label={t.moderation.people.manageNamed(person.name)}
            title={t.moderation.people.manage} onClick={() => { setOpen(!open); }}
          >
            <Icon name="more" size={20} />
          </button>
        )}
      </div>
      {organiser && open && <div id={id}><PersonActions person={person} own={own} session={session} onRemove={onRemove} /></div>}
    </li>
  );
}

function marksOf(t: Texts, person: Participant, place: number): readonly string[] {
  const words = t.moderation.people;
  return [
    ...(place > 0 ? [words.handPlace(place)] : []),
    ...(person.held === true ? [words.held] : []),
    ...(person.away === true ? [t.room.away] : []),
    ...(person.line === 'weak' ? [words.lineWeak] : []),
    ...(person.line === 'bad' ? [words.lineBad] : []),
  ];
}
