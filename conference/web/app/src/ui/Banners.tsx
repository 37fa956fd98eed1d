import type { Texts } from '../i18n/de';
import type { LocalMedia } from '../rtc/localMedia';
import type { Notice } from '../state/notice';
import { isOrganiser, selfOf } from '../state/room';
import type { Session } from '../state/session';
import { classes } from './classes';
import { clockTime } from './clockTime';
import { DeviceBanners } from './DeviceProblem';
import styles from './Room.module.css';
import { spacedCode } from './spacedCode';
import type { PanelName } from './toolList';
import { useCountdown } from './useCountdown';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface BannersProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly panel: PanelName | undefined;
  readonly onPanel: (panel: PanelName) => void;
}

/** What is the matter right now, above the pictures. */
export function Banners({ session, media, panel, onPanel }: BannersProps) {
  const t = useTexts();
  const state = useReadable(session);
  const local = useReadable(media);
  const showPeople = (): void => { onPanel('people'); };
  return (
    <div className={styles.banners}>
      {state.link === 'gaveUp' && (
        <div role="alert" className={styles.banner}>
          {t.room.gaveUp}
          <button type="button" onClick={() => { session.retryNow(); }}>{t.room.retryNow}</button>
        </div>
      )}
      <Stopped session={session} listOpen={panel === 'people'} onList={showPeople} />
      {state.lobby.length > 0 && panel !== 'people' && (
        <section aria-label={t.moderation.banner.lobby(state.lobby.length)} className={classes(styles.banner, styles.info)} data-testid="lobby-banner">
          {t.moderation.banner.lobby(state.lobby.length)}
          <button type="button" onClick={showPeople}>{t.moderation.banner.showLobby}</button>
        </section>
      )}
      {state.restart?.dismissed === false && (
        <section aria-label={t.room.restartLabel} className={styles.banner} data-testid="restart">
          {t.room.restart(clockTime(state.restart.at))}
          <button type="button" onClick={() => { session.dismissRestart(); }}>{t.close}</button>
        </section>
      )}
      {state.link === 'ok' && state.notice && <NoticeBanner notice={state.notice} session={session} media={media} />}
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

/** Emergency, being held, and the pause while no organiser is there. The Announcer reads them out, once. */
function Stopped({ session, listOpen, onList }: { readonly session: Session; readonly listOpen: boolean; readonly onList: () => void }) {
  const t = useTexts();
  const state = useReadable(session);
  const words = t.moderation.banner;
  const code = state.room?.code ?? '';
  return (
    <>
      {state.emergency && isOrganiser(state) && (
        <section aria-label={words.emergency} className={classes(styles.banner, styles.alarm)} data-testid="emergency">
          <span>{words.emergency}</span>
          {code !== '' && <span>{words.newCode} <strong className={styles.bannerCode}>{spacedCode(code)}</strong></span>}
          {!listOpen && <button type="button" onClick={onList}>{words.showList}</button>}
          <button type="button" onClick={() => { session.order({ type: 'emergency', on: false }); }}>{t.moderation.people.releaseAll}</button>
        </section>
      )}
      {selfOf(state)?.held === true && <section aria-label={words.stopped} className={styles.banner} data-testid="held">{words.held}</section>}
      {state.pause !== undefined && <PauseBanner until={state.pause} />}
    </>
  );
}

function PauseBanner({ until }: { readonly until: number }) {
  const t = useTexts();
  const left = useCountdown(until);
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  return <section aria-label={t.moderation.banner.pausedTitle} className={styles.banner} data-testid="pause">{t.moderation.banner.paused(time)}</section>;
}

/** Says calmly, over the pictures and without moving them, that the connection is being restored. Screen readers hear it from the Announcer. */
export function Mending({ session }: { readonly session: Session }) {
  const t = useTexts();
  const { link } = useReadable(session);
  return link === 'lost' ? <p className={styles.mending}>{t.room.lost}</p> : null;
}

function NoticeBanner({ notice, session, media }: { readonly notice: Notice; readonly session: Session; readonly media: LocalMedia }) {
  const t = useTexts();
  const close = <button type="button" onClick={() => { session.dismissNotice(); }}>{t.close}</button>;
  if (notice.kind === 'audio-blocked') {
    return (
      <div role="alert" className={styles.banner}>
        {t.room.audioBlocked}
        <button type="button" onClick={() => { void session.resumeAudio(); }}>{t.room.enableAudio}</button>
      </div>
    );
  }
  const words = wordsOf(t, notice);
  // Good news is no alarm, and the Announcer has read it out.
  if (notice.kind === 'again' || notice.kind === 'released' || notice.kind === 'floor') {
    return (
      <section aria-label={words} className={classes(styles.banner, styles.info)} data-testid="notice">
        {words}
        {notice.kind === 'floor' && <button type="button" onClick={() => { void media.setMic(true); }}>{t.toolbar.micOn}</button>}
        {close}
      </section>
    );
  }
  return <div role="alert" className={styles.banner} data-testid="notice">{words}{close}</div>;
}

function wordsOf(t: Texts, notice: Exclude<Notice, { kind: 'audio-blocked' }>): string {
  switch (notice.kind) {
    case 'muted':
      return t.moderation.muted[notice.why][notice.source];
    case 'again':
      return t.moderation.again.source[notice.source];
    case 'released':
    case 'floor':
      return t.moderation.again[notice.kind];
    case 'explained':
      return notice.words;
    case 'room-error':
      return t.room.errors[notice.code];
  }
}
