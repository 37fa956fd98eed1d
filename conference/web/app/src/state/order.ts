import type { Participant } from '../signaling/messages';

/**
 * The order of tiles: oneself, then organisers, then everybody in the order of coming. It depends on nothing that changes while people
 * talk, so tiles stay where they are; who leaves closes the gap, who comes is added at the end.
 */
export function tileOrder(participants: readonly Participant[], self: string): readonly Participant[] {
  const rank = (p: Participant): number => {
    if (p.id === self) return 0;
    return p.role === 'organiser' ? 1 : 2;
  };
  return participants
    .map((participant, index) => ({ participant, index }))
    .sort((a, b) => rank(a.participant) - rank(b.participant) || a.index - b.index)
    .map(({ participant }) => participant);
}

/** The list of people is for looking somebody up: oneself, organisers, then by name. */
export function peopleOrder(participants: readonly Participant[], self: string): readonly Participant[] {
  const collator = new Intl.Collator('de', { numeric: true });
  const rank = (p: Participant): number => {
    if (p.id === self) return 0;
    return p.role === 'organiser' ? 1 : 2;
  };
  return [...participants].sort((a, b) => rank(a) - rank(b) || collator.compare(a.name, b.name));
}

/** Who shares a screen; of several the one who came first. */
export function presenterOf(participants: readonly Participant[]): Participant | undefined {
  return participants.find((p) => p.screen);
}

/** A steady number for a colour, made from the ID and not from the name: the same person looks the same to everybody. */
export function colourIndex(id: string, colours: number): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return hash % colours;
}

/** One or two letters for a tile without picture. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s-]+/u).filter((word) => word !== '');
  const first = [...(words[0] ?? '')][0] ?? '';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toLocaleUpperCase('de');
}
