import { expect, it } from 'vitest';
import { shareOut } from './toolList';

const tools = ['mic', 'camera', 'screen', 'hand', 'chat', 'people', 'leave'].map((id) => ({ id }));
const important = ['leave', 'mic', 'camera', 'hand', 'chat'];
const ids = (some: readonly { readonly id: string }[]): string => some.map(({ id }) => id).join(' ');

it.each([
  [9, 'mic camera screen hand chat people leave', ''],
  [7, 'mic camera screen hand chat people leave', ''],
  // One place is for "Mehr".
  [6, 'mic camera hand chat leave', 'screen people'],
  [4, 'mic camera leave', 'screen hand chat people'],
  [0, 'leave', 'mic camera screen hand chat people'],
])('with room for %i', (room, shown, more) => {
  const shared = shareOut(tools, room, important);
  expect([ids(shared.shown), ids(shared.more)]).toEqual([shown, more]);
});
