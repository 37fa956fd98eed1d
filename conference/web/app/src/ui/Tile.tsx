import { memo } from 'react';
import type { Participant } from '../signaling/messages';
import type { Size } from '../state/layout';
import { viewChoice } from '../state/layoutChoice';
import type { Session } from '../state/session';
import { Avatar } from './Avatar';
import { classes } from './classes';
import { Icon } from './Icon';
import { RemoteVideo, SelfVideo } from './Video';
import styles from './Tile.module.css';
import { useTexts } from './useTexts';

interface TileProps {
  readonly person: Participant;
  readonly own: boolean;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Not one among many, but the one picture that is shown large. */
  readonly large: boolean;
  /** The picture is shown large; here it keeps its place. */
  readonly elsewhere: boolean;
  readonly mic: boolean;
  readonly camera: boolean;
  readonly speaking: boolean;
  readonly pinned: boolean;
  /** The video slot; undefined: none, or not to be shown here. */
  readonly mid: string | undefined;
  /** Changes with the PeerConnection. */
  readonly peer: number;
  readonly session: Session;
  /** The own camera. */
  readonly track: MediaStreamTrack | null;
}

/** One person: picture or initials, the name, whether muted, speaking, away. Drawn anew only when something of it has changed. */
export const Tile = memo(function Tile(props: TileProps) {
  const { person, own, width, height, large, camera, peer, mid, session, track } = props;
  const speaking = props.mic && props.speaking;
  const avatar = Math.max(28, Math.min(112, Math.round(height * 0.42)));
  return (
    <li className={classes(styles.tile, speaking && styles.speaking)} style={{ width, height }} data-testid={tileName(own, large)}>
      <div className={styles.face}><Avatar id={person.id} name={person.name} size={avatar} /></div>
      {own && camera && track && <SelfVideo track={track} />}
      {!own && camera && mid !== undefined && <RemoteVideo key={`${mid}-${peer}`} mid={mid} session={session} fit={large ? 'contain' : 'cover'} />}
      <Marks {...props} />
      <Plate {...props} />
      {!own && <Pin person={person} pinned={props.pinned} />}
    </li>
  );
});

function tileName(own: boolean, large: boolean): string {
  if (own) return 'tile-self';
  return large ? 'tile-large' : 'tile';
}

/** On a small tile the name needs the room; the marks say the rest. */
const isSmall = (width: number): boolean => width < 220;

/** At the top: what keeps somebody from the lesson, and a raised hand. */
function Marks({ person, own, width, elsewhere }: TileProps) {
  const t = useTexts();
  const short = isSmall(width) ? 'hidden' : undefined;
  const away = !own && person.away === true;
  return (
    <div className={styles.marks}>
      {person.hand !== undefined && <p className={styles.hand}><Icon name="hand" size={16} /><span className="hidden">{t.media.tile.hand}</span></p>}
      {away && <p className={styles.away}><Icon name="away" size={16} /><span className={short}>{t.room.away}</span></p>}
      {person.held === true && <p className={styles.away}><Icon name="pause" size={16} /><span className={short}>{t.media.tile.held}</span></p>}
      {elsewhere && <p className={styles.elsewhere}><Icon name="view" size={16} /><span className={short}>{t.media.tile.shownLarge}</span></p>}
    </div>
  );
}

/** At the bottom: the name, before everything else legible, and what somebody sends. */
function Plate({ person, own, width, mic, camera, speaking }: TileProps) {
  const t = useTexts();
  const small = isSmall(width);
  const line = person.line === 'good' ? undefined : person.line;
  const ownName = small ? t.room.you : t.room.youNamed(person.name);
  return (
    <div className={styles.plate}>
      {!mic && <span className={styles.mark}><Icon name="micOff" size={16} /><span className="hidden">{t.room.muted}</span></span>}
      {!camera && (
        <span className={classes(styles.mark, styles.quiet)}>
          {!small && <Icon name="cameraOff" size={16} />}<span className="hidden">{t.room.cameraOff}</span>
        </span>
      )}
      {line !== undefined && (
        <span className={classes(styles.mark, styles.line)} title={t.media.tile.line[line]} data-testid="line">
          <Icon name="lineWeak" size={16} /><span className="hidden">{t.media.tile.line[line]}</span>
        </span>
      )}
      <span className={styles.name} title={person.name} data-name>{own ? ownName : person.name}</span>
      {mic && speaking && <span className="hidden">{t.room.speaking}</span>}
    </div>
  );
}

function Pin({ person, pinned }: { readonly person: Participant; readonly pinned: boolean }) {
  const t = useTexts();
  const label = pinned ? t.media.tile.unpin(person.name) : t.media.tile.pin(person.name);
  return (
    <button
      type="button" className={styles.pin} aria-pressed={pinned} aria-label={label} title={label}
      onClick={() => { viewChoice.dispatch({ pinned: pinned ? undefined : person.id }); }}
    >
      <Icon name="pin" size={18} />
    </button>
  );
}

interface ScreenTileProps {
  readonly person: Participant;
  readonly size: Size;
  readonly mid: string | undefined;
  readonly peer: number;
  readonly session: Session;
}

/** A shared screen, whole and as large as it fits. */
export function ScreenTile({ person, size, mid, peer, session }: ScreenTileProps) {
  const t = useTexts();
  return (
    <figure className={styles.screen} style={{ width: size.width, height: size.height }} data-testid="screen">
      {mid !== undefined && <RemoteVideo key={`${mid}-${peer}`} mid={mid} session={session} fit="contain" />}
      <figcaption className={styles.plate}><Icon name="screen" size={16} /><span className={styles.name} data-name>{t.room.screenOf(person.name)}</span></figcaption>
    </figure>
  );
}
