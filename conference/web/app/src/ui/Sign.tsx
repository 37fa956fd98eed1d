import type { ReactNode } from 'react';
import type { ReactionKind } from '../signaling/messages';

const yellow = '#f5bd2f';
const dark = '#4a3200';
const face = <circle cx="12" cy="12" r="10" fill={yellow} />;

/** Four fingers, palm and thumb. */
const hand = (colour: string, turn: string): ReactNode => (
  <g transform={turn} fill="none" stroke={colour} strokeLinecap="round" strokeWidth="2.7">
    <path d="M7.8 13V6.5m2.8 6V4.3m2.8 8.2V4.8m2.8 8V7M8 16.5l-3.5-3.7" />
    <rect x="7.8" y="12" width="8.4" height="7.5" rx="2.5" fill={colour} />
  </g>
);

const drawings: Readonly<Record<ReactionKind, ReactNode>> = {
  clap: (
    <>
      {hand('#d99a12', 'rotate(-28 12 20) translate(4 -1) scale(.82)')}
      {hand(yellow, 'rotate(-28 12 20) translate(.5 2.5) scale(.86)')}
      <path d="M19 2.5v3m3 .5-2.2 2M15.5 1.5l.8 2.3" fill="none" stroke="#d6293e" strokeLinecap="round" strokeWidth="1.6" />
    </>
  ),
  thumbs: (
    <>
      <path d="M8 11l3.7-7.3a2.1 2.1 0 0 1 3.5 1.8L14.4 9h5a2.3 2.3 0 0 1 2.2 2.8l-1.4 6.6A2.6 2.6 0 0 1 17.7 20.5H8Z" fill={yellow} />
      <rect x="2.5" y="10.5" width="4.5" height="10.5" rx="1" fill="#2f6db0" />
    </>
  ),
  heart: <path d="M12 21C5 16 2 12.5 2 8.8a5.3 5.3 0 0 1 10-2.5 5.3 5.3 0 0 1 10 2.5C22 12.5 19 16 12 21Z" fill="#d6293e" />,
  laugh: (
    <>
      {face}
      <path d="M5.8 10.5a2 2 0 0 1 3.7 0m5 0a2 2 0 0 1 3.7 0" fill="none" stroke={dark} strokeLinecap="round" strokeWidth="1.6" />
      <path d="M5.8 13.5h12.4a6.2 6.2 0 0 1-12.4 0Z" fill={dark} />
    </>
  ),
  surprised: <>{face}<circle cx="8.5" cy="9.3" r="1.5" fill={dark} /><circle cx="15.5" cy="9.3" r="1.5" fill={dark} /><ellipse cx="12" cy="16.2" rx="2.5" ry="3.2" fill={dark} /></>,
  question: (
    <>
      <path d="M7.5 8a4.5 4.5 0 1 1 7 3.7c-1.7 1.2-2.5 1.9-2.5 3.6" fill="none" stroke="#d6293e" strokeLinecap="round" strokeWidth="3.2" />
      <circle cx="12" cy="20.3" r="2" fill="#d6293e" />
    </>
  ),
  slower: (
    <>
      <path d="M6 15.5v4m8.5-4v4" stroke="#7fae3c" strokeLinecap="round" strokeWidth="3.2" />
      <path d="M13 16.5c4.5 1 5.5-1 5.5-4" fill="none" stroke="#7fae3c" strokeWidth="3.2" />
      <circle cx="19.7" cy="11" r="3" fill="#7fae3c" />
      <circle cx="20.6" cy="10.3" r=".7" fill={dark} />
      <path d="M1.5 16.5a8.2 8.2 0 0 1 16.4 0Z" fill="#2f7d4f" />
    </>
  ),
  faster: (
    <>
      <circle cx="3.3" cy="15" r="2" fill="#c9b8a6" />
      <ellipse cx="10" cy="16" rx="7" ry="4.8" fill="#a08a75" />
      <path d="M15.5 9.5 11.5 3m5.8 6L15.7 2" stroke="#a08a75" strokeLinecap="round" strokeWidth="2.8" />
      <circle cx="17.5" cy="12" r="4" fill="#a08a75" />
      <circle cx="18.8" cy="11.2" r=".9" fill={dark} />
      <path d="M6 20.5h4m4.5 0h3.5" stroke="#a08a75" strokeLinecap="round" strokeWidth="2.2" />
    </>
  ),
};

/** What a reaction looks like, drawn: not every computer has a font with emoji. The words stand beside it or are read out. */
export function Sign({ kind }: { readonly kind: ReactionKind }) {
  return <svg width={28} height={28} viewBox="0 0 24 24" aria-hidden="true" focusable="false">{drawings[kind]}</svg>;
}
