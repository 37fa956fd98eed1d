import type { VideoSource, Want } from '../signaling/messages';
import { limits } from '../signaling/messages';

/** Receive slots to ask for. A shared screen needs one beside the tiles, and its sound one beside the voices. */
export function wantedSlots(phone: boolean): { readonly audio: number; readonly video: number } {
  return { audio: 5, video: phone ? 7 : 17 };
}

/** A tile on the page, in CSS pixels. */
export interface VisibleTile {
  readonly participant: string;
  readonly source: VideoSource;
  readonly height: number;
}

/**
 * What to ask the server for: shared screens first, then the largest tiles, in device pixels, no more than there are slots. Heights
 * are rounded up to steps of 90, so that a window being dragged does not ask anew at every pixel.
 */
export function wantedVideo(tiles: readonly VisibleTile[], pixelRatio: number, slots: number): readonly Want[] {
  const rank = (tile: VisibleTile): number => (tile.source === 'screen' ? 0 : 1);
  return tiles
    .filter((tile) => tile.height > 0)
    .map((tile, index) => ({ tile, index }))
    .sort((a, b) => rank(a.tile) - rank(b.tile) || b.tile.height - a.tile.height || a.index - b.index)
    .slice(0, Math.min(slots, limits.want))
    .map(({ tile }) => ({
      participant: tile.participant,
      source: tile.source,
      height: Math.min(2160, Math.ceil((tile.height * pixelRatio) / 90) * 90),
    }));
}

export function sameWants(a: readonly Want[], b: readonly Want[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return other?.participant === one.participant && other.source === one.source && other.height === one.height;
    })
  );
}
