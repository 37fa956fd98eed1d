import type { LocalMedia } from '../rtc/localMedia';
import type { Notice } from '../state/room';
import type { Session } from '../state/session';
import { classes } from './classes';
import { clockTime } from './clockTime';
import { DeviceBanners } from './DeviceProblem';
import styles from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** What is the matter right now, above the pictures. */
export function Banners({ session, media }: { readonly session: Session; readonly media: LocalMedia }) {
  const t = useTexts();
  const state = useReadable(session);
  const local = useReadable(media);
  return (
    <div className={styles.banners}>
      {state.link === 'gaveUp' && (
        <div role="alert" className={styles.banner}>
          {t.room.gaveUp}
          <button type="button" onClick={() => { session.retryNow(); }}>{t.room.retryNow}</button>
        </div>
      )}
      {state.restart?.dismissed === false && (
        <section aria-label={t.room.restartLabel} className={styles.banner} data-testid="restart">
          {t.room.restart(clockTime(state.restart.at))}
          <button type="button" onClick={() => { session.dismissRestart(); }}>{t.close}</button>
        </section>
      )}
      {state.link === 'ok' && state.notice && <NoticeBanner notice={state.notice} session={session} />}
      {local.screen && (
        <div role="status" className={classes(styles.banner, styles.info)}>
          {t.room.sharing}
          <button type="button" onClick={() => { void media.setScreen(false); }}>{t.room.stopSharing}</button>
        </div>
      )}
      <DeviceBanners media={media} />
    </div>
  );
}

/** Says calmly, over the pictures and without moving them, that the connection is being restored. Screen readers hear it from the Announcer. */
export function Mending({ session }: { readonly session: Session }) {
  const t = useTexts();
  const { link } = useReadable(session);
  return link === 'lost' ? <p className={styles.mending}>{t.room.lost}</p> : null;
}

function NoticeBanner({ notice, session }: { readonly notice: Notice; readonly session: Session }) {
  const t = useTexts();
  if (notice.kind === 'audio-blocked') {
    return (
      <div role="alert" className={styles.banner}>
        {t.room.audioBlocked}
        <button type="button" onClick={() => { void session.resumeAudio(); }}>{t.room.enableAudio}</button>
      </div>
    );
  }
  const words = notice.kind === 'muted' ? t.moderation.muted[notice.why][notice.source] : t.room.errors[notice.code];
  return (
    <div role="alert" className={styles.banner}>
      {words}
      <button type="button" onClick={() => { session.dismissNotice(); }}>{t.close}</button>
    </div>
  );
}
