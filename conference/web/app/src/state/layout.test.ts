import { describe, expect, it } from 'vitest';
import { layoutGrid, layoutStage, pageOf } from './layout';

const desktop = { width: 1400, height: 780, gap: 8, most: 12, minWidth: 200 };
const phone = { width: 340, height: 600, gap: 8, most: 12, minWidth: 140 };

describe('layoutGrid', () => {
  it.each([
    [desktop, 1, 1, 1],
    [desktop, 2, 2, 1],
    [desktop, 3, 2, 2],
    [desktop, 4, 2, 2],
    [desktop, 6, 3, 2],
    [desktop, 9, 3, 3],
    [desktop, 12, 4, 3],
    [phone, 1, 1, 1],
    [phone, 2, 1, 2],
    [phone, 6, 2, 3],
  ])('%o: %i people in %i columns and %i rows', (page, count, columns, rows) => {
    expect(layoutGrid({ ...page, count })).toMatchObject({ columns, rows });
  });

  it('never leaves the page, never distorts a tile, loses nobody', () => {
    for (let width = 300; width <= 2000; width += 97) {
      for (let height = 160; height <= 1300; height += 83) {
        for (let count = 1; count <= 30; count++) {
          const grid = layoutGrid({ ...desktop, width, height, count });
          const across = grid.columns * grid.tile.width + (grid.columns - 1) * 8;
          const down = grid.rows * grid.tile.height + (grid.rows - 1) * 8;
          const ratio = grid.tile.width / grid.tile.height;
          const shown = Math.min(count, grid.capacity);
          const fits = across <= width && down <= height && grid.columns * grid.rows >= shown && shown >= 1;
          const shaped = ratio >= 4 / 3 - 0.05 && ratio <= 16 / 9 + 0.05;
          if (!fits || !shaped) expect.fail(`${width}×${height}, ${count} people: ${JSON.stringify(grid)}`);
        }
      }
    }
  });

  it('pages instead of shrinking below what is legible', () => {
    const grid = layoutGrid({ ...phone, count: 70 });
    expect(grid.capacity).toBeLessThanOrEqual(12);
    expect(grid.tile.width).toBeGreaterThanOrEqual(140);
  });

  it('survives a page without size', () => {
    expect(layoutGrid({ ...desktop, width: 0, height: 0, count: 5 }).capacity).toBeGreaterThanOrEqual(1);
  });
});

describe('layoutStage', () => {
  it('puts faces to the right on wide pages and below on tall ones', () => {
    const wide = layoutStage({ width: 1400, height: 780, gap: 8, most: 12 });
    expect(wide.strip.side).toBe('right');
    expect(wide.stage.width).toBeGreaterThan(1000);
    const tall = layoutStage({ width: 340, height: 600, gap: 8, most: 12 });
    expect(tall.strip.side).toBe('bottom');
    expect(tall.stage.height).toBeGreaterThan(200);
    expect(tall.strip.tile.width * 2 + 8).toBeLessThanOrEqual(340);
  });

  it('never leaves the page and always shows a face', () => {
    for (let width = 300; width <= 2000; width += 61) {
      for (let height = 260; height <= 1300; height += 47) {
        const { stage, strip } = layoutStage({ width, height, gap: 8, most: 12 });
        const columns = Math.max(1, Math.floor((width + 8) / (strip.tile.width + 8)));
        const rows = strip.side === 'right' ? strip.capacity : Math.ceil(strip.capacity / columns);
        const faces = rows * strip.tile.height + (rows - 1) * 8;
        const fits =
          strip.side === 'right'
            ? stage.width + 8 + strip.tile.width <= width && faces <= height
            : stage.height + 8 + faces <= height && strip.tile.width <= width;
        if (!fits || strip.capacity < 1 || stage.height <= 0 || stage.width <= 0) expect.fail(`${width}×${height}: ${JSON.stringify({ stage, strip })}`);
      }
    }
  });
});

describe('pageOf', () => {
  const items = ['a', 'b', 'c', 'd', 'e'];
  it.each([
    [0, 2, { page: 0, pages: 3, items: ['a', 'b'] }],
    [2, 2, { page: 2, pages: 3, items: ['e'] }],
    [9, 2, { page: 2, pages: 3, items: ['e'] }],
    [-1, 2, { page: 0, pages: 3, items: ['a', 'b'] }],
    [0, 9, { page: 0, pages: 1, items }],
  ])('page %i of %i each', (page, capacity, shown) => {
    expect(pageOf(items, page, capacity)).toEqual(shown);
  });

  it('has one empty page for nobody', () => {
    expect(pageOf([], 3, 4)).toEqual({ page: 0, pages: 1, items: [] });
  });
});
