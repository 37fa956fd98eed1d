import type { Site } from '../signaling/api';
import type { Directory } from '../state/directory';
import { classes } from './classes';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './Landing.module.css';
import { LoginForm } from './LoginForm';
import { Card, Page } from './Page';
import { PageLink } from './PageLink';
import { navigate, pathOfRoom, paths } from './path';
import { Problem } from './Problem';
import { RoomNameForm } from './RoomNameForm';
import { useFocusOnArrival } from './useFocusOnArrival';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

const enter = (room: string): void => { navigate(pathOfRoom(room)); };

/** The start page: whose site this is, join a room, open a room. */
export function Landing({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  const { site } = useReadable(directory);
  const heading = useFocusOnArrival<HTMLHeadingElement>();
  useTitle('');
  return (
    <Page directory={directory}>
      <div className={styles.intro}>
        <h1 ref={heading} tabIndex={-1}>{t.landing.welcome}</h1>
        <p>{t.landing.lead}</p>
      </div>
      {site === 'unreachable' && (
        <div className={styles.unreachable}>
          <Problem>
            {t.unreachable} <button type="button" className={controls.quiet} onClick={() => { void directory.load(); }}>{t.tryAgain}</button>
          </Problem>
        </div>
      )}
      <div className={styles.cards}>
        <Card labelledBy="beitreten">
          <h2 id="beitreten">{t.landing.joinTitle}</h2>
          <p className={styles.hint}>{t.pages.join.hint}</p>
          <RoomNameForm action={t.landing.join} joining onRoom={enter} />
        </Card>
        <Card labelledBy="oeffnen">
          <h2 id="oeffnen">{t.landing.openTitle}</h2>
          <OpenRoom directory={directory} />
        </Card>
      </div>
      <div className={styles.notes}>
        <Privacy />
        {site !== undefined && site !== 'unreachable' && <Contact site={site} />}
      </div>
    </Page>
  );
}

function OpenRoom({ directory }: { readonly directory: Directory }) {
  const t = useTexts();
  const { login } = useReadable(directory);
  if (login?.organiser === undefined) {
    return (
      <>
        <p className={styles.hint}>{t.landing.openHint}</p>
        <LoginForm directory={directory} />
      </>
    );
  }
  return (
    <>
      <p className={styles.hint}>{t.pages.myRooms.lead}</p>
      <PageLink to={paths.myRooms} className={classes(controls.primary, styles.wide)}>{t.pages.myRooms.title}</PageLink>
      <h3 className={styles.orName}>{t.pages.join.once}</h3>
      <p className={styles.hint}>{t.landing.openRoomHint}</p>
      <RoomNameForm action={t.landing.open} primary={false} onRoom={enter} />
      <p className={styles.account}>
        <span>{t.login.as(login.organiser)}</span>
        <button type="button" className={controls.quiet} onClick={() => { void directory.logout(); }}>{t.login.logout}</button>
      </p>
    </>
  );
}

function Privacy() {
  const t = useTexts();
  return (
    <section aria-labelledby="datenschutz">
      <h2 id="datenschutz" className={styles.noteTitle}><Icon name="shield" />{t.landing.privacyTitle}</h2>
      <ul className={styles.list}>
        {t.landing.privacy.map((line) => <li key={line}>{line}</li>)}
      </ul>
    </section>
  );
}

function Contact({ site }: { readonly site: Site }) {
  const t = useTexts();
  const { name, email, phone, url } = site.contact;
  if (name === '' && email === '' && phone === '') return null;
  return (
    <section aria-labelledby="kontakt">
      <h2 id="kontakt" className={styles.noteTitle}><Icon name="chat" />{t.landing.contactTitle}</h2>
      <p>{t.landing.contact}</p>
      <ul className={styles.list}>
        <li>{/^https:\/\//.test(url) ? <a href={url} rel="noreferrer">{name}</a> : name}</li>
        {email !== '' && <li><a href={`mailto:${email}`}>{email}</a></li>}
        {phone !== '' && <li><a href={`tel:${phone.replace(/[^+\d]/g, '')}`}>{phone}</a></li>}
      </ul>
    </section>
  );
}
