import type { Link, RoomState } from './room';

/** What a screen reader should hear about a change; the page finds the words. */
export type Announcement =
  | { readonly kind: 'joined'; readonly name: string }
  | { readonly kind: 'left'; readonly name: string }
  | { readonly kind: 'chat'; readonly name: string; readonly text: string }
  | { readonly kind: 'screen'; readonly name: string }
  | { readonly kind: 'many'; readonly count: number }
  | { readonly kind: 'inside' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'back' }
  | { readonly kind: 'locked' }
  | { readonly kind: 'unlocked' }
  /** Milliseconds since 1970. */
  | { readonly kind: 'restart'; readonly at: number };

/** Compares two states. Many comings and goings at once are summed up: a class that arrives must not be read out name by name. */
export function announcementsBetween(before: RoomState, after: RoomState): readonly Announcement[] {
  if (after.phase.kind !== 'inside') return [];
  if (before.phase.kind !== 'inside') return [{ kind: 'inside' }];
  const said: Announcement[] = [];
  if (!noticed(before.link) && noticed(after.link)) said.push({ kind: 'lost' });
  if (noticed(before.link) && after.link === 'ok') said.push({ kind: 'back' });
  const wasLocked = before.settings.locked;
  const isLocked = after.settings.locked;
  if (wasLocked !== isLocked) said.push({ kind: isLocked ? 'locked' : 'unlocked' });
  if (after.restart?.dismissed === false && before.restart !== after.restart) said.push({ kind: 'restart', at: after.restart.at });
  said.push(...comings(before, after), ...screens(before, after), ...messages(before, after));
  return said;
}

/** Whether the page speaks of the interruption. */
function noticed(link: Link): boolean {
  return link === 'lost' || link === 'gaveUp';
}

function comings(before: RoomState, after: RoomState): readonly Announcement[] {
  if (before.participants === after.participants || before.self !== after.self) return [];
  const was = new Set(before.participants.map((p) => p.id));
  const is = new Set(after.participants.map((p) => p.id));
  const joined = after.participants.filter((p) => !was.has(p.id) && p.id !== after.self);
  const left = before.participants.filter((p) => !is.has(p.id));
  if (joined.length + left.length > 3) return [{ kind: 'many', count: after.participants.length }];
  return [
    ...joined.map((p) => ({ kind: 'joined', name: p.name }) as const),
    ...left.map((p) => ({ kind: 'left', name: p.name }) as const),
  ];
}

function screens(before: RoomState, after: RoomState): readonly Announcement[] {
  const sharing = new Set(before.participants.filter((p) => p.screen).map((p) => p.id));
  return after.participants
    .filter((p) => p.screen && !sharing.has(p.id) && p.id !== after.self)
    .map((p) => ({ kind: 'screen', name: p.name }) as const);
}

function messages(before: RoomState, after: RoomState): readonly Announcement[] {
  if (before.chat === after.chat) return [];
  const known = new Set(before.chat.map((c) => c.id));
  return after.chat
    .filter((c) => !known.has(c.id) && c.from !== after.self)
    .slice(-3)
    .map((c) => ({ kind: 'chat', name: c.name, text: c.text }) as const);
}
