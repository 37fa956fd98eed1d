import { useEffect, useState } from 'react';
import type { Directory } from '../state/directory';
import { MyRooms } from '../state/myRooms';
import controls from './controls.module.css';
import { LoginForm } from './LoginForm';
import styles from './MyRooms.module.css';
import { NewRoomForm } from './NewRoomForm';
import { OwnRoomCard } from './OwnRoomCard';
import { Card, Page } from './Page';
import { Problem } from './Problem';
import { useFocusOnArrival } from './useFocusOnArrival';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

/** A teacher's own rooms: start a lesson, invite, and what a room is called. */
export default function MyRoomsPage({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  const { login } = useReadable(directory);
  const heading = useFocusOnArrival<HTMLHeadingElement>();
  useTitle(t.pages.myRooms.title);
  return (
    <Page directory={directory}>
      <div className={styles.intro}>
        <h1 ref={heading} tabIndex={-1}>{t.pages.myRooms.title}</h1>
        <p>{t.pages.myRooms.lead}</p>
      </div>
      {login === undefined && <p role="status">{t.pages.loading}</p>}
      {login !== undefined && login.organiser === undefined && <LoginFirst directory={directory} />}
      {login?.organiser !== undefined && (
        <>
          <p className={styles.account}>
            <span>{t.login.as(login.organiser)}</span>
            <button type="button" className={controls.quiet} onClick={() => { void directory.logout(); }}>{t.login.logout}</button>
          </p>
          <Rooms key={login.organiser} directory={directory} />
        </>
      )}
    </Page>
  );
}

function LoginFirst({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  return (
    <div className={styles.login}>
      <Card labelledBy="anmelden">
        <h2 id="anmelden">{t.login.title}</h2>
        <p className={styles.hint}>{t.pages.myRooms.loginHint}</p>
        <LoginForm directory={directory} />
      </Card>
    </div>
  );
}

function Rooms({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  const texts = t.pages.myRooms;
  const [mine] = useState(() => new MyRooms());
  const [said, setSaid] = useState('');
  const { rooms, problem } = useReadable(mine);
  useEffect(() => { void mine.load(); }, [mine]);
  // A login that has run out is noticed here: the page then shows the login again.
  const retry = (): void => {
    void directory.load();
    void mine.load();
  };
  return (
    <>
      <p role="status" className="hidden">{said}</p>
      {problem && (
        <div className={styles.problem}>
          <Problem>
            {texts.problems[problem.kind]} <button type="button" className={controls.quiet} onClick={retry}>{t.tryAgain}</button>
          </Problem>
        </div>
      )}
      {!problem && rooms === undefined && <p role="status">{t.pages.loading}</p>}
      {rooms && (
        <div className={styles.columns}>
          <section aria-labelledby="liste" className={styles.rooms}>
            <h2 id="liste" className={styles.listTitle}>{texts.list}</h2>
            {rooms.length === 0 && <p className={styles.empty}>{texts.empty}</p>}
            <ul className={styles.list}>
              {rooms.map((room) => <li key={room.id}><OwnRoomCard room={room} mine={mine} onSay={setSaid} /></li>)}
            </ul>
          </section>
          <Card labelledBy="anlegen">
            <h2 id="anlegen">{texts.create}</h2>
            <NewRoomForm mine={mine} onSay={setSaid} />
          </Card>
        </div>
      )}
    </>
  );
}
