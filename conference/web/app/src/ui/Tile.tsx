import type { LocalMedia } from '../rtc/localMedia';
import type { Participant } from '../signaling/messages';
import type { Size } from '../state/layout';
import { slotOf } from '../state/room';
import type { Session } from '../state/session';
import { Avatar } from './Avatar';
import { classes } from './classes';
import { Icon } from './Icon';
import { RemoteVideo, SelfVideo } from './Video';
import styles from './Tile.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface TileProps {
  readonly person: Participant;
  readonly size: Size;
  readonly session: Session;
  readonly media: LocalMedia;
}

/** One person: picture or initials, the name, whether muted, whether speaking. */
export function Tile({ person, size, session, media }: TileProps) {
  const t = useTexts();
  const state = useReadable(session);
  const local = useReadable(media);
  const own = person.id === state.self;
  const mic = own ? local.mic : person.mic;
  const camera = own ? local.camera : person.camera;
  const away = !own && person.away === true;
  const speaking = mic && state.speakers.includes(person.id);
  const mid = own ? undefined : slotOf(state, person.id, 'camera');
  // On a small tile the name needs the room; the initials say that there is no picture.
  const small = size.width < 220;
  const ownName = small ? t.room.you : t.room.youNamed(person.name);
  const avatar = Math.max(28, Math.min(112, Math.round(size.height * 0.42)));
  return (
    <li className={classes(styles.tile, speaking && styles.speaking)} style={{ width: size.width, height: size.height }} data-testid={own ? 'tile-self' : 'tile'}>
      <div className={styles.face}><Avatar id={person.id} name={person.name} size={avatar} /></div>
      {own && camera && media.camera && <SelfVideo track={media.camera} />}
      {!own && camera && mid !== undefined && <RemoteVideo key={`${mid}-${state.peer}`} mid={mid} session={session} fit="cover" />}
      {away && <p className={styles.away}><Icon name="away" size={16} /><span className={small ? 'hidden' : undefined}>{t.room.away}</span></p>}
      <div className={styles.plate}>
        {!mic && <span className={styles.mark}><Icon name="micOff" size={16} /><span className="hidden">{t.room.muted}</span></span>}
        {!camera && (
          <span className={classes(styles.mark, styles.quiet)}>
            {!small && <Icon name="cameraOff" size={16} />}<span className="hidden">{t.room.cameraOff}</span>
          </span>
        )}
        <span className={styles.name} title={person.name}>{own ? ownName : person.name}</span>
        {speaking && <span className="hidden">{t.room.speaking}</span>}
      </div>
    </li>
  );
}

interface ScreenTileProps {
  readonly person: Participant;
  readonly size: Size;
  readonly session: Session;
}

/** A shared screen, whole and as large as it fits. */
export function ScreenTile({ person, size, session }: ScreenTileProps) {
  const t = useTexts();
  const state = useReadable(session);
  const mid = slotOf(state, person.id, 'screen');
  return (
    <figure className={styles.screen} style={{ width: size.width, height: size.height }} data-testid="screen">
      {mid !== undefined && <RemoteVideo key={`${mid}-${state.peer}`} mid={mid} session={session} fit="contain" />}
      <figcaption className={styles.plate}><Icon name="screen" size={16} /><span className={styles.name}>{t.room.screenOf(person.name)}</span></figcaption>
    </figure>
  );
}
