import type { LocalMedia } from '../rtc/localMedia';
import type { Participant } from '../signaling/messages';
import { peopleOrder } from '../state/order';
import type { Session } from '../state/session';
import { Avatar } from './Avatar';
import { Icon } from './Icon';
import { Panel } from './Panel';
import styles from './PeoplePanel.module.css';
import room from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface PeoplePanelProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly onClose: () => void;
}

/** Who is inside, and whose microphone and camera are on. */
export function PeoplePanel({ session, media, onClose }: PeoplePanelProps) {
  const t = useTexts();
  const { participants, self } = useReadable(session);
  // The server tells everybody but oneself what one sends.
  const { mic, camera } = useReadable(media);
  return (
    <Panel title={t.people.title} onClose={onClose}>
      <div className={room.panelBody} tabIndex={0} role="region" aria-label={t.people.count(participants.length)}>
        <p className={styles.count}>{t.people.count(participants.length)}</p>
        <ul className={styles.list}>
          {peopleOrder(participants, self).map((person) => (
            person.id === self ? <Person key={person.id} person={{ ...person, mic, camera }} own /> : <Person key={person.id} person={person} own={false} />
          ))}
        </ul>
      </div>
    </Panel>
  );
}

function Person({ person, own }: { readonly person: Participant; readonly own: boolean }) {
  const t = useTexts();
  return (
    <li className={styles.person}>
      <Avatar id={person.id} name={person.name} size={40} />
      <span className={styles.name}>
        {own ? t.room.youNamed(person.name) : person.name}
        {person.role === 'organiser' && <small>{t.room.organiser}</small>}
      </span>
      <span className={styles.state}>
        <Icon name={person.mic ? 'mic' : 'micOff'} size={20} /><span className="hidden">{person.mic ? t.room.unmuted : t.room.muted}</span>
        <Icon name={person.camera ? 'camera' : 'cameraOff'} size={20} /><span className="hidden">{person.camera ? t.room.cameraOn : t.room.cameraOff}</span>
      </span>
    </li>
  );
}
