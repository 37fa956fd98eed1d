// Where the tiles go. Everything here is in CSS pixels and pure; the same input gives the same picture.

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly tile: Size;
  /** Tiles on one page; more are reached by paging. */
  readonly capacity: number;
}

export interface GridInput extends Size {
  readonly count: number;
  readonly gap: number;
  /** No more tiles than this on one page. */
  readonly most: number;
  /** Tiles are not made narrower than this while paging can help. */
  readonly minWidth: number;
}

/** Tiles are between 4:3 and 16:9: the grid fills the page without cutting faces off. */
const widest = 16 / 9;
const narrowest = 4 / 3;

/** The grid with the largest tiles for `count` participants; what does not fit at a legible size goes to further pages. */
export function layoutGrid(input: GridInput): Grid {
  const capacity = Math.max(1, Math.min(input.most, fitting(input)));
  const count = Math.max(1, Math.min(input.count, capacity));
  let best: Grid | undefined;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const tile = tileIn(input, columns, rows);
    if (!best || area(tile) > area(best.tile) + 0.5) best = { columns, rows, tile, capacity };
  }
  return best ?? { columns: 1, rows: 1, tile: tileIn(input, 1, 1), capacity };
}

/** How many tiles of the smallest legible size there is room for. */
function fitting({ width, height, gap, minWidth }: GridInput): number {
  const columns = Math.max(1, Math.floor((width + gap) / (minWidth + gap)));
  const tileWidth = Math.max(1, (width - gap * (columns - 1)) / columns);
  const rows = Math.max(1, Math.floor((height + gap) / (tileWidth / widest + gap)));
  return columns * rows;
}

function tileIn({ width, height, gap }: GridInput, columns: number, rows: number): Size {
  const across = Math.max(0, (width - gap * (columns - 1)) / columns);
  const down = Math.max(0, (height - gap * (rows - 1)) / rows);
  // Start from the full cell and trim it into the permitted shapes.
  const tileHeight = Math.min(down, across / narrowest);
  const tileWidth = Math.min(across, tileHeight * widest);
  return { width: Math.floor(tileWidth), height: Math.floor(tileHeight) };
}

function area(size: Size): number {
  return size.width * size.height;
}

/** The page shown: clamped, so that people leaving do not leave an empty page behind. */
export function pageOf<T>(items: readonly T[], page: number, capacity: number): { page: number; pages: number; items: readonly T[] } {
  const pages = Math.max(1, Math.ceil(items.length / capacity));
  const shown = Math.min(Math.max(0, page), pages - 1);
  return { page: shown, pages, items: items.slice(shown * capacity, (shown + 1) * capacity) };
}

export interface Stage {
  readonly stage: Size;
  readonly strip: { readonly side: 'right' | 'bottom'; readonly tile: Size; readonly capacity: number };
}

/** Height to width of a shared screen, which is hardly ever taller than 16:10, and of a camera's picture. */
export const stageShapes = { screen: 0.64, camera: 9 / 16 } as const;

/** One picture large, faces in a strip beside it on wide pages and below it on tall ones. */
export function layoutStage(input: Size & { readonly gap: number; readonly most: number; readonly shape?: number }): Stage {
  const { width, height, gap, most, shape = stageShapes.screen } = input;
  const beside = width >= 720 && width > height;
  if (beside) {
    const tile = { width: Math.round(Math.min(240, width * 0.2)), height: 0 };
    const shaped = { width: tile.width, height: Math.round((tile.width * 9) / 16) };
    const capacity = Math.max(1, Math.min(most, Math.floor((height + gap) / (shaped.height + gap))));
    return { stage: { width: width - shaped.width - gap, height }, strip: { side: 'right', tile: shaped, capacity } };
  }
  const columns = Math.max(2, Math.floor((width + gap) / (150 + gap)));
  const across = Math.max(0, Math.floor((width - gap * (columns - 1)) / columns));
  const shaped = { width: across, height: Math.round((across * 9) / 16) };
  // What is left over belongs to the faces, at least one row.
  const stage = Math.max(0, Math.min(height - shaped.height - gap, Math.ceil(width * shape)));
  const rows = Math.max(1, Math.floor((height - stage) / (shaped.height + gap)));
  const capacity = Math.max(1, Math.min(most, columns * rows));
  return { stage: { width, height: stage }, strip: { side: 'bottom', tile: shaped, capacity } };
}
