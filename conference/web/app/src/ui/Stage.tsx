import { useEffect, useMemo, useState } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import type { VisibleTile } from '../rtc/view';
import type { Participant } from '../signaling/messages';
import { layoutGrid, layoutStage, pageOf } from '../state/layout';
import { presenterOf, tileOrder } from '../state/order';
import { selfOf } from '../state/room';
import type { RoomState } from '../state/room';
import type { Session } from '../state/session';
import { classes } from './classes';
import { Icon } from './Icon';
import { Invitation } from './InvitePanel';
import styles from './Stage.module.css';
import { ScreenTile, Tile } from './Tile';
import { useReadable } from './useReadable';
import { useSize } from './useSize';
import { useTexts } from './useTexts';

const gap = 8;
/** One slot stays free for a shared screen. */
const mostTiles = 12;

interface StageProps {
  readonly session: Session;
  readonly media: LocalMedia;
}

/** The pictures: a grid, or a shared screen with faces beside it. Tells the session what is on the page. */
export function Stage({ session, media }: StageProps) {
  const state = useReadable(session);
  const [ref, size] = useSize<HTMLDivElement>();
  const [wantedPage, setPage] = useState(0);
  const people = useMemo(() => tileOrder(state.participants, state.self), [state.participants, state.self]);
  const presenter = presenterOf(state.participants.filter((p) => p.id !== state.self));
  const plan = planOf(size, people.length, presenter !== undefined);
  const { page, pages, items } = pageOf(people, wantedPage, plan.capacity);

  useEffect(() => {
    const tiles: VisibleTile[] = items
      .filter((p) => p.camera && p.id !== state.self)
      .map((p) => ({ participant: p.id, source: 'camera', height: plan.tile.height }));
    if (presenter) tiles.unshift({ participant: presenter.id, source: 'screen', height: plan.stage.height });
    session.setVisible(tiles);
  });

  const tiles = items.map((person) => (
    <Tile key={person.id} person={person} size={plan.tile} session={session} media={media} />
  ));
  return (
    <div className={styles.column}>
      <div ref={ref} className={classes(styles.area, plan.side === 'right' && styles.beside)}>
        {presenter && <ScreenTile person={presenter} size={plan.stage} session={session} />}
        <ul className={styles.tiles} style={{ maxWidth: plan.width, gap }}>{tiles}</ul>
        <Alone state={state} />
      </div>
      {pages > 1 && (
        <div className={styles.bar}>
          <ElsewhereSpeaking state={state} shown={items} />
          <Pager page={page} pages={pages} onPage={setPage} />
        </div>
      )}
    </div>
  );
}

interface Plan {
  readonly tile: { readonly width: number; readonly height: number };
  readonly stage: { readonly width: number; readonly height: number };
  readonly capacity: number;
  readonly side: 'none' | 'right' | 'bottom';
  /** CSS pixels that the tiles may take across. */
  readonly width: number;
}

function planOf(size: { readonly width: number; readonly height: number }, count: number, sharing: boolean): Plan {
  const { width, height } = size;
  if (sharing) {
    const { stage, strip } = layoutStage({ width, height, gap, most: mostTiles });
    return { tile: strip.tile, stage, capacity: strip.capacity, side: strip.side, width: strip.side === 'right' ? strip.tile.width : width };
  }
  const grid = layoutGrid({ width, height, count, gap, most: mostTiles, minWidth: width < 480 ? 140 : 200 });
  const across = grid.columns * grid.tile.width + (grid.columns - 1) * gap;
  return { tile: grid.tile, stage: { width: 0, height: 0 }, capacity: grid.capacity, side: 'none', width: across };
}

function Alone({ state }: { readonly state: RoomState }) {
  const t = useTexts();
  if (state.participants.length !== 1 || !state.room) return null;
  const organiser = selfOf(state)?.role === 'organiser';
  return (
    <section className={styles.alone} aria-labelledby="allein">
      <h2 id="allein">{organiser ? t.room.aloneInvite : t.room.alone}</h2>
      {organiser && <Invitation info={state.room} />}
    </section>
  );
}

/** Names the loudest speaker who is on another page. */
function ElsewhereSpeaking({ state, shown }: { readonly state: RoomState; readonly shown: readonly Participant[] }) {
  const t = useTexts();
  const loudest = state.speakers[0];
  if (loudest === undefined || shown.some((p) => p.id === loudest)) return null;
  const speaker = state.participants.find((p) => p.id === loudest);
  return speaker ? <p className={styles.elsewhere}>{t.room.speakingElsewhere(speaker.name)}</p> : null;
}

interface PagerProps {
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
}

function Pager({ page, pages, onPage }: PagerProps) {
  const t = useTexts();
  return (
    <div className={styles.pager}>
      <button type="button" onClick={() => { onPage(page - 1); }} disabled={page === 0} aria-label={t.room.previousPage} title={t.room.previousPage}>
        <Icon name="left" />
      </button>
      <span role="status">{t.room.page(page + 1, pages)}</span>
      <button type="button" onClick={() => { onPage(page + 1); }} disabled={page === pages - 1} aria-label={t.room.nextPage} title={t.room.nextPage}>
        <Icon name="right" />
      </button>
    </div>
  );
}
