import type { ReactNode } from 'react';
import { useEffect, useMemo, useState } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import type { VisibleTile } from '../rtc/view';
import type { Participant } from '../signaling/messages';
import type { Size } from '../state/layout';
import { layoutGrid, layoutStage, pageOf, stageShapes } from '../state/layout';
import type { Arranged } from '../state/layoutArrange';
import { arrange } from '../state/layoutArrange';
import { viewChoice } from '../state/layoutChoice';
import type { RoomState } from '../state/room';
import { selfOf, slotOf } from '../state/room';
import type { Session } from '../state/session';
import { classes } from './classes';
import { Icon } from './Icon';
import { Invitation } from './InvitePanel';
import { LineHint } from './LineAdvice';
import styles from './Stage.module.css';
import { ScreenTile, Tile } from './Tile';
import { useFocus } from './useFocus';
import { useReadable } from './useReadable';
import { useSize } from './useSize';
import { useTexts } from './useTexts';

const gap = 8;
/** On one page. Beside them one video slot stays free for a shared screen; see wantedSlots. */
const mostTiles = 16;

interface StageProps {
  readonly session: Session;
  readonly media: LocalMedia;
}

/** The pictures: a grid, or one picture large with faces beside it. Tells the session what is on the page. */
export function Stage({ session, media }: StageProps) {
  const state = useReadable(session);
  const choice = useReadable(viewChoice);
  const local = useReadable(media);
  const [ref, size] = useSize<HTMLDivElement>();
  const [wantedPage, setPage] = useState(0);
  const { participants, self, speakers } = state;
  const present = useMemo(() => new Set(participants.map((p) => p.id)), [participants]);
  const speaker = useFocus(speakers.find((id) => id !== self), present);
  const arranged = useMemo(() => arrange({ participants, self, choice, speaker }), [participants, self, choice, speaker]);
  const { main, tiles } = arranged;
  const plan = useMemo(() => planOf(size, tiles.length, main?.source), [size, tiles.length, main?.source]);
  const { page, pages, items } = pageOf(tiles, wantedPage, plan.capacity);

  useEffect(() => {
    session.setVisible(choice.audioOnly ? [] : visibleTiles(items, arranged, plan, self));
  }, [session, choice.audioOnly, items, arranged, plan, self]);

  useEffect(() => {
    // Who switches the camera on wants to be seen: that ends "Nur Ton", whatever was chosen before.
    if (choice.audioOnly && local.camera) viewChoice.dispatch({ audioOnly: false });
  }, [choice.audioOnly, local.camera]);

  const tile = (person: Participant, { width, height }: Size, large: boolean): ReactNode => {
    const own = person.id === self;
    const elsewhere = !large && arranged.keepsPlace && person === main?.person;
    return (
      <Tile
        key={person.id} person={person} own={own} width={width} height={height} large={large} elsewhere={elsewhere}
        mic={own ? local.mic : person.mic} camera={own ? local.camera : person.camera && !choice.audioOnly}
        speaking={speakers.includes(person.id)} pinned={person.id === choice.pinned}
        mid={own || elsewhere ? undefined : slotOf(state, person.id, 'camera')} peer={state.peer}
        session={session} track={own ? media.camera : null}
      />
    );
  };
  return (
    <div className={styles.column}>
      <Notes session={session} media={media} shown={main?.person.id} />
      <div ref={ref} className={classes(styles.area, plan.side === 'right' && styles.beside)} data-layout={main ? main.source : 'grid'}>
        {main?.source === 'screen' && <ScreenTile person={main.person} size={plan.stage} mid={slotOf(state, main.person.id, 'screen')} peer={state.peer} session={session} />}
        {main?.source === 'camera' && <ul className={styles.main}>{tile(main.person, plan.stage, true)}</ul>}
        <ul className={styles.tiles} style={{ maxWidth: plan.width, gap }}>{items.map((person) => tile(person, plan.tile, false))}</ul>
        <Alone state={state} />
      </div>
      {pages > 1 && (
        <div className={styles.bar}>
          <ElsewhereSpeaking state={state} shown={main ? [...items, main.person] : items} />
          <Pager page={page} pages={pages} onPage={setPage} />
        </div>
      )}
    </div>
  );
}

interface Plan {
  readonly tile: Size;
  readonly stage: Size;
  readonly capacity: number;
  readonly side: 'none' | 'right' | 'bottom';
  /** CSS pixels that the tiles may take across. */
  readonly width: number;
}

function planOf(size: Size, count: number, main: 'camera' | 'screen' | undefined): Plan {
  const { width, height } = size;
  if (main && count === 0) return { tile: { width: 0, height: 0 }, stage: size, capacity: 1, side: 'none', width };
  if (main) {
    const { stage, strip } = layoutStage({ width, height, gap, most: mostTiles, shape: stageShapes[main] });
    return { tile: strip.tile, stage, capacity: strip.capacity, side: strip.side, width: strip.side === 'right' ? strip.tile.width : width };
  }
  const grid = layoutGrid({ width, height, count, gap, most: mostTiles, minWidth: width < 480 ? 140 : 200 });
  const across = grid.columns * grid.tile.width + (grid.columns - 1) * gap;
  return { tile: grid.tile, stage: { width: 0, height: 0 }, capacity: grid.capacity, side: 'none', width: across };
}

/** What the page shows of others. Who is shown large is asked for in that size alone. */
function visibleTiles(items: readonly Participant[], { main }: Arranged, plan: Plan, self: string): readonly VisibleTile[] {
  const large: VisibleTile[] = main && (main.source === 'screen' || main.person.camera)
    ? [{ participant: main.person.id, source: main.source, height: plan.stage.height }]
    : [];
  const small: VisibleTile[] = items
    .filter((p) => p.camera && p.id !== self && !(main?.source === 'camera' && p.id === main.person.id))
    .map((p) => ({ participant: p.id, source: 'camera', height: plan.tile.height }));
  return [...large, ...small];
}

/** What somebody has chosen not to see, with the way back, and what is to say about lines. */
function Notes({ session, media, shown }: StageProps & { readonly shown: string | undefined }) {
  const t = useTexts();
  const state = useReadable(session);
  const { audioOnly, teacherOnly } = useReadable(viewChoice);
  const back = { audioOnly: false, teacherOnly: false };
  const limited = audioOnly || (teacherOnly && selfOf(state)?.role !== 'organiser');
  return (
    <div className={styles.notes}>
      {limited && (
        <div className={styles.note}>
          <p>{audioOnly ? t.media.audioOnlyOn : t.media.teacherOnlyOn}</p>
          <button type="button" onClick={() => { viewChoice.dispatch(back); }}>{audioOnly ? t.media.picturesBack : t.media.showAll}</button>
        </div>
      )}
      <LineHint session={session} media={media} shown={shown} />
    </div>
  );
}

function Alone({ state }: { readonly state: RoomState }) {
  const t = useTexts();
  // In a pause others are waited for; the banner says for whom and until when.
  if (state.participants.length !== 1 || !state.room || state.pause !== undefined) return null;
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
