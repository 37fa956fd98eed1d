import type { LocalState } from '../rtc/localMedia';
import type { MuteReason, RoomError, Source } from '../signaling/messages';
import type { Usable } from './rights';
import { hasFloor, may } from './rights';
import type { RoomState } from './room';
import { selfOf } from './room';

export type Notice =
  | { readonly kind: 'room-error'; readonly code: RoomError }
  | { readonly kind: 'audio-blocked' }
  /** Why a button does nothing, in words. */
  | { readonly kind: 'explained'; readonly words: string }
  | { readonly kind: 'muted'; readonly source: Source; readonly why: MuteReason }
  /** What was forbidden may be used again. */
  | { readonly kind: 'again'; readonly source: Source }
  /** The emergency is over for this person; what it switched off stays off. */
  | { readonly kind: 'released' }
  /** An organiser gave this person the floor. */
  | { readonly kind: 'floor' };

/** The rights whose lack an error is about. */
const lacking: Partial<Record<RoomError, Usable>> = {
  'mic-not-allowed': 'microphone', 'camera-not-allowed': 'camera', 'screen-not-allowed': 'screen', 'chat-off': 'chat',
};

/**
 * The notice that is still true after something has changed in the room. What says no goes, or says what is so now, as soon as it is
 * wrong: a pupil must not read that the lesson is stopped while it goes on.
 */
export function noticeAfter(before: RoomState, after: RoomState): Notice | undefined {
  const { notice } = after;
  const inside = before.phase.kind === 'inside' && after.phase.kind === 'inside' && before.self === after.self;
  if (!inside) return notice;
  if (notice?.kind !== 'audio-blocked' && hasFloor(selfOf(after)) && !hasFloor(selfOf(before))) return { kind: 'floor' };
  switch (notice?.kind) {
    case 'muted':
      return mutedAfter(notice, after);
    case 'explained':
      return eased(before, after) ? undefined : notice;
    case 'room-error':
      return errorHolds(notice.code, before, after) ? notice : undefined;
    case 'again':
      return can(after, notice.source) ? notice : undefined;
    case 'released':
      return held(after) ? undefined : notice;
    case 'floor':
      return can(after, 'microphone') ? notice : undefined;
    case 'audio-blocked':
    case undefined:
      return notice;
  }
}

/** Whether one's own devices have made it superfluous: who speaks need not read that they may. */
export function settledBy(notice: Notice, { mic, camera, screen }: Pick<LocalState, 'mic' | 'camera' | 'screen'>): boolean {
  switch (notice.kind) {
    case 'muted':
    case 'again':
      return { microphone: mic, camera, screen }[notice.source];
    case 'floor':
      return mic;
    case 'released':
      return mic || camera || screen;
    case 'room-error':
    case 'explained':
    case 'audio-blocked':
      return false;
  }
}

function mutedAfter(notice: Notice & { readonly kind: 'muted' }, after: RoomState): Notice | undefined {
  switch (notice.why) {
    case 'organiser': // may be undone at any time; it is settled by doing so
      return notice;
    case 'settings':
      return can(after, notice.source) ? { kind: 'again', source: notice.source } : notice;
    case 'emergency':
      return held(after) ? notice : { kind: 'released' };
  }
}

function errorHolds(code: RoomError, before: RoomState, after: RoomState): boolean {
  if (code === 'paused') return after.pause !== undefined || before.pause === undefined;
  if (code === 'held') return held(after) || !held(before);
  const right = lacking[code];
  return right === undefined || !can(after, right) || can(before, right);
}

/** Something may be done now that could not be done before. */
function eased(before: RoomState, after: RoomState): boolean {
  const gained = (['microphone', 'camera', 'screen', 'chat'] as const).some((right) => can(after, right) && !can(before, right));
  return gained || (before.pause !== undefined && after.pause === undefined);
}

const can = (state: RoomState, right: Usable): boolean => may(selfOf(state), state.settings, right);
const held = (state: RoomState): boolean => selfOf(state)?.held === true;
