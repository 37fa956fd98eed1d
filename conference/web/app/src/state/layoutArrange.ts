import type { Participant } from '../signaling/messages';
import type { ViewChoice } from './layoutChoice';
import { presenterOf, tileOrder } from './order';

export interface Arranged {
  /** What is shown large; undefined: everybody has the same size. */
  readonly main: { readonly person: Participant; readonly source: 'camera' | 'screen' } | undefined;
  /** The tiles, in an order that does not change while people talk. */
  readonly tiles: readonly Participant[];
  /** The person shown large keeps a place among the tiles, so that nobody moves when somebody else speaks. */
  readonly keepsPlace: boolean;
}

export interface Arrangement {
  readonly participants: readonly Participant[];
  readonly self: string;
  readonly choice: ViewChoice;
  /** Who has been speaking for a while; see layoutFocus. */
  readonly speaker: string | undefined;
}

/**
 * Who is shown where. A shared screen comes before a pinned person, who comes before what the layout says: whoever shares wants it seen.
 * Nobody sees themselves large.
 */
export function arrange({ participants, self, choice, speaker }: Arrangement): Arranged {
  const people = tileOrder(participants, self).filter((p) => isShown(p, participants, self, choice));
  const others = people.filter((p) => p.id !== self);
  const pinned = others.find((p) => p.id === choice.pinned);
  const presenter = choice.audioOnly ? undefined : presenterOf(inOrderOf(participants, others));
  if (presenter) {
    const tiles = pinned ? [pinned, ...people.filter((p) => p !== pinned)] : people;
    return { main: { person: presenter, source: 'screen' }, tiles, keepsPlace: false };
  }
  const large = pinned ?? chosenBy(choice.layout, others, speaker);
  if (!large) return { main: undefined, tiles: people, keepsPlace: false };
  const keepsPlace = !pinned && choice.layout === 'speaker' && others.length > 2;
  return { main: { person: large, source: 'camera' }, tiles: keepsPlace ? people : people.filter((p) => p !== large), keepsPlace };
}

function isShown(person: Participant, participants: readonly Participant[], self: string, choice: ViewChoice): boolean {
  if (person.id === self) return !choice.hideSelf || participants.length === 1;
  if (!choice.teacherOnly || person.role === 'organiser') return true;
  // To organisers "only the teacher" means nothing: they would teach an empty page.
  return participants.some((p) => p.id === self && p.role === 'organiser');
}

function inOrderOf(participants: readonly Participant[], some: readonly Participant[]): readonly Participant[] {
  return participants.filter((p) => some.includes(p));
}

function chosenBy(layout: ViewChoice['layout'], others: readonly Participant[], speaker: string | undefined): Participant | undefined {
  const teacher = others.find((p) => p.role === 'organiser' && p.camera) ?? others.find((p) => p.role === 'organiser');
  switch (layout) {
    case 'grid':
      return undefined;
    case 'teacher':
      return teacher;
    case 'speaker':
      return others.find((p) => p.id === speaker) ?? teacher ?? others[0];
  }
}
