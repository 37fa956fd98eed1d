import type { Want } from '../signaling/messages';
import type { VisibleTile } from './view';
import { sameWants, wantedVideo } from './view';

/** Milliseconds that the view must have been calm before it is sent. */
const pause = 150;

/** How the page is looked at. */
export interface Looking {
  /** The page is in front. */
  readonly shown: boolean;
  /** Device pixels to a CSS pixel. */
  readonly pixelRatio: number;
}

/** Asks the server for what is on the page, when that has changed. */
export class ViewRequests {
  private tiles: readonly VisibleTile[] = [];
  private told: readonly Want[] | undefined = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `send` answers whether there is somebody to ask. */
  constructor(private readonly slots: number, private readonly looking: () => Looking, private readonly send: (want: readonly Want[]) => boolean) {}

  /** Which tiles are on the page; what changed is asked for after a short pause. */
  show(tiles: readonly VisibleTile[]): void {
    const same = tiles.length === this.tiles.length && tiles.every((tile, i) => sameTile(tile, this.tiles[i]));
    this.tiles = tiles;
    if (!same) this.soon();
  }

  soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.now(); }, pause);
  }

  /** To a server that believes something else than what it was told last; undefined: whatever it believes. */
  anew(believed: readonly Want[] | undefined): void {
    this.told = believed;
    this.now();
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private now(): void {
    const { shown, pixelRatio } = this.looking();
    const want = wantedVideo(shown ? this.tiles : [], pixelRatio, this.slots);
    if (this.told && sameWants(want, this.told)) return;
    if (this.send(want)) this.told = want;
  }
}

function sameTile(a: VisibleTile, b: VisibleTile | undefined): boolean {
  return a.participant === b?.participant && a.source === b.source && a.height === b.height;
}
