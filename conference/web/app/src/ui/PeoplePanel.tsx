import { useState } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import { peopleOrder } from '../state/order';
import { isOrganiser, raisedHands } from '../state/room';
import type { Session } from '../state/session';
import { Attendance } from './Attendance';
import controls from './controls.module.css';
import { EmergencyList } from './EmergencyList';
import { Hands } from './Hands';
import { Icon } from './Icon';
import { LobbyList } from './LobbyList';
import { Panel } from './Panel';
import styles from './PeoplePanel.module.css';
import { Person } from './Person';
import { RemoveDialog } from './RemoveDialog';
import room from './Room.module.css';
import { useFocusKept } from './useFocusKept';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface PeoplePanelProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly onClose: () => void;
}

/** Who is inside, and what they do. What needs an organiser's answer stands first: an emergency, the lobby, raised hands. */
export function PeoplePanel({ session, media, onClose }: PeoplePanelProps) {
  const t = useTexts();
  const state = useReadable(session);
  const { participants, self } = state;
  const [asked, setAsked] = useState<string>();
  const body = useFocusKept<HTMLDivElement>();
  // The server tells everybody but oneself what one sends.
  const { mic, camera, screen } = useReadable(media);
  const organiser = isOrganiser(state);
  const removing = participants.find((p) => p.id === asked);
  const hands = raisedHands(participants);
  return (
    <>
      <Panel title={t.people.title} onClose={onClose}>
        <div ref={body} className={room.panelBody} tabIndex={0} role="region" aria-label={t.moderation.people.list}>
          {organiser && state.emergency && <EmergencyList session={session} onRemove={setAsked} />}
          {organiser && <LobbyList session={session} />}
          <Hands session={session} hands={hands} />
          {!organiser && state.settings.locked && <p className={styles.locked}><Icon name="lock" size={20} />{t.people.lockedHint}</p>}
          <section aria-labelledby="alle-personen">
            <div className={styles.head}>
              <h3 id="alle-personen">{t.people.count(participants.length)}</h3>
              {organiser && (
                <button type="button" className={controls.secondary} onClick={() => { session.order({ type: 'mute', source: 'microphone' }); }}>
                  <Icon name="micOff" size={18} />{t.moderation.people.muteAll}
                </button>
              )}
            </div>
            <ul className={styles.list}>
              {peopleOrder(participants, self).map((person) => (
                <Person
                  key={person.id} person={person.id === self ? { ...person, mic, camera, screen, away: false } : person} own={person.id === self}
                  place={hands.findIndex((p) => p.id === person.id) + 1} session={session} onRemove={() => { setAsked(person.id); }}
                />
              ))}
            </ul>
          </section>
          {organiser && <Attendance stays={state.attendance} title={state.room?.title ?? state.room?.name ?? ''} />}
        </div>
      </Panel>
      {removing && (
        <RemoveDialog participant={removing.id} name={removing.name} session={session} onClose={() => { setAsked(undefined); }} />
      )}
    </>
  );
}
