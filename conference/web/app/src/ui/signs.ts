import type { ReactionKind } from '../signaling/messages';

/** What a reaction looks like; the words stand beside it or are read out. */
export const signs: Readonly<Record<ReactionKind, string>> = {
  clap: '👏', thumbs: '👍', heart: '❤️', laugh: '😂', surprised: '😮', question: '❓', slower: '🐢', faster: '🐇',
};
