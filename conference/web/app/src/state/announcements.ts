import { hasFloor, may } from './rights';
import type { Link, RoomState } from './room';
import { raisedHands, selfOf } from './room';

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
  | { readonly kind: 'hand'; readonly name: string }
  | { readonly kind: 'visitor'; readonly name: string }
  /** A visitor whose code was not looked at. */
  | { readonly kind: 'unchecked'; readonly name: string }
  /** An organiser has let somebody speak, or has taken it back. */
  | { readonly kind: 'floor'; readonly name: string }
  | { readonly kind: 'floorBack'; readonly name: string }
  | { readonly kind: 'visitors'; readonly count: number }
  | { readonly kind: OwnChange }
  /** Milliseconds since 1970. */
  | { readonly kind: 'restart'; readonly at: number };

/** What changed for oneself. */
export type OwnChange =
  | 'maySpeak' | 'mayNotSpeak' | 'mayFilm' | 'mayShare' | 'paused' | 'resumed' | 'held' | 'released' | 'emergency' | 'emergencyOver' | 'promoted' | 'demoted'
  | 'handLowered';

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
  if (before.self === after.self) said.push(...own(before, after), ...hands(before, after), ...floors(before, after), ...visitors(before, after));
  said.push(...comings(before, after), ...screens(before, after), ...messages(before, after));
  return said;
}

/** Whether the page speaks of the interruption. */
function noticed(link: Link): boolean {
  return link === 'lost' || link === 'gaveUp';
}

function own(before: RoomState, after: RoomState): readonly Announcement[] {
  const was = selfOf(before);
  const is = selfOf(after);
  if (!was || !is) return [];
  const changes: OwnChange[] = [];
  if (before.pause === undefined !== (after.pause === undefined)) changes.push(after.pause === undefined ? 'resumed' : 'paused');
  if (was.role !== is.role) changes.push(is.role === 'organiser' ? 'promoted' : 'demoted');
  if (is.role === 'organiser' && before.emergency !== after.emergency) changes.push(after.emergency ? 'emergency' : 'emergencyOver');
  if ((was.held === true) !== (is.held === true)) changes.push(is.held === true ? 'held' : 'released');
  // Being held, let go or promoted says it all.
  if (changes.length === 0) changes.push(...granted(before, after));
  if (was.hand !== undefined && is.hand === undefined) changes.push('handLowered');
  return changes.map((kind) => ({ kind }));
}

function granted(before: RoomState, after: RoomState): readonly OwnChange[] {
  const could = may(selfOf(before), before.settings, 'microphone');
  const can = may(selfOf(after), after.settings, 'microphone');
  const given = hasFloor(selfOf(after)) && !hasFloor(selfOf(before));
  const filmed = may(selfOf(before), before.settings, 'camera');
  const films = may(selfOf(after), after.settings, 'camera');
  const shared = may(selfOf(before), before.settings, 'screen');
  const shares = may(selfOf(after), after.settings, 'screen');
  return [
    ...(could === can && !given ? [] : [can ? 'maySpeak' : 'mayNotSpeak'] as const),
    ...(films && !filmed ? ['mayFilm'] as const : []),
    ...(shares && !shared ? ['mayShare'] as const : []),
  ];
}

function hands(before: RoomState, after: RoomState): readonly Announcement[] {
  const up = new Set(raisedHands(before.participants).map((p) => p.id));
  return raisedHands(after.participants).filter((p) => !up.has(p.id) && p.id !== after.self).slice(0, 3).map((p) => ({ kind: 'hand', name: p.name }) as const);
}

/** Organisers hear what became of their tap: the button that they pressed is gone. */
function floors(before: RoomState, after: RoomState): readonly Announcement[] {
  if (selfOf(before)?.role !== 'organiser' || selfOf(after)?.role !== 'organiser') return [];
  const had = new Set(before.participants.filter(hasFloor).map((p) => p.id));
  const has = new Set(after.participants.filter(hasFloor).map((p) => p.id));
  return after.participants
    .filter((p) => had.has(p.id) !== has.has(p.id))
    .map((p) => ({ kind: has.has(p.id) ? 'floor' : 'floorBack', name: p.name }) as const);
}

function visitors(before: RoomState, after: RoomState): readonly Announcement[] {
  const known = new Set(before.lobby.map((v) => v.id));
  const fresh = after.lobby.filter((v) => !known.has(v.id));
  if (fresh.length > 1) return [{ kind: 'visitors', count: after.lobby.length }];
  return fresh.map((v) => ({ kind: v.unchecked === true ? 'unchecked' : 'visitor', name: v.name }) as const);
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
