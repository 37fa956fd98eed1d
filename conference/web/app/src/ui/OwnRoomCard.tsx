import type { ReactNode } from 'react';
import { useId, useState } from 'react';
import type { OwnRoom } from '../signaling/rooms';
import type { MyRooms } from '../state/myRooms';
import { classes } from './classes';
import controls from './controls.module.css';
import { CopyButton } from './CopyButton';
import styles from './MyRooms.module.css';
import { OwnRoomSettings } from './OwnRoomSettings';
import { PageLink } from './PageLink';
import { pathOfRoom } from './path';
import { QrCode } from './QrCode';
import { spacedCode } from './spacedCode';
import { useTexts } from './useTexts';

interface OwnRoomCardProps {
  readonly room: OwnRoom;
  readonly mine: MyRooms;
  readonly onSay: (words: string) => void;
}

/** One room: what it is called, how to get into it, and the way to begin. */
export function OwnRoomCard({ room, mine, onSay }: OwnRoomCardProps) {
  const t = useTexts();
  const texts = t.pages.myRooms;
  const id = useId();
  const link = linkOf(room);
  const code = spacedCode(room.code);
  const invitation = (room.codeStays ? texts.invitation : texts.invitationToday)(room.title, link, code);
  return (
    <article className={styles.room} aria-labelledby={id}>
      <h3 id={id} className={styles.roomTitle}>{room.title}</h3>
      <dl className={styles.facts}>
        <div><dt>{texts.link}</dt><dd className={styles.link}>{link}</dd></div>
        <div><dt>{room.codeStays ? texts.code : texts.codeToday}</dt><dd className={styles.code} data-testid="own-code">{code}</dd></div>
      </dl>
      <div className={styles.actions}>
        <PageLink to={pathOfRoom(room.address)} className={classes(controls.primary, styles.begin)}>
          {texts.start}<span className="hidden"> {room.title}</span>
        </PageLink>
        <CopyButton text={invitation} label={texts.copy} fullLabel={`${texts.copy}: ${room.title}`} />
      </div>
      <Later label={texts.qr} title={room.title}>
        <QrCode text={link} label={texts.qrLabel(room.title)} />
      </Later>
      <Later label={texts.more} title={room.title}>
        <OwnRoomSettings room={room} mine={mine} onSay={onSay} />
      </Later>
    </article>
  );
}

/** The link that the server names, or the one of this page's own address. */
function linkOf(room: OwnRoom): string {
  return /^https?:\/\//.test(room.link) ? room.link : `${window.location.origin}${pathOfRoom(room.address)}`;
}

interface LaterProps {
  readonly label: string;
  readonly title: string;
  readonly children: ReactNode;
}

/** Something to unfold; it is drawn only then. */
function Later({ label, title, children }: LaterProps) {
  const [open, setOpen] = useState(false);
  return (
    <details className={styles.later} onToggle={(event) => { setOpen(event.currentTarget.open); }}>
      <summary>{label}<span className="hidden">: {title}</span></summary>
      {open && <div className={styles.inner}>{children}</div>}
    </details>
  );
}
