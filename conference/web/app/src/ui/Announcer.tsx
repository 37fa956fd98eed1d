import { useEffect, useRef, useState } from 'react';
import type { Texts } from '../i18n/de';
import type { Announcement } from '../state/announcements';
import { announcementsBetween } from '../state/announcements';
import { initialRoom } from '../state/room';
import type { Session } from '../state/session';
import { clockTime } from './clockTime';
import { useTexts } from './useTexts';

/** Tells screen readers what happens in the room, politely. */
export function Announcer({ session }: { readonly session: Session }) {
  const t = useTexts();
  const [said, setSaid] = useState('');
  const before = useRef(initialRoom);
  useEffect(() => {
    const follow = (): void => {
      const after = session.getState();
      const news = announcementsBetween(before.current, after);
      before.current = after;
      if (news.length > 0) setSaid(news.map((one) => wordsOf(t, one)).join(' '));
    };
    follow();
    return session.subscribe(follow);
  }, [session, t]);
  return <div aria-live="polite" className="hidden" data-testid="announcer">{said}</div>;
}

function wordsOf(t: Texts, one: Announcement): string {
  switch (one.kind) {
    case 'joined':
      return t.announce.joined(one.name);
    case 'left':
      return t.announce.left(one.name);
    case 'chat':
      return t.announce.chat(one.name, one.text);
    case 'screen':
      return t.announce.screen(one.name);
    case 'many':
      return t.announce.many(one.count);
    case 'inside':
      return t.announce.inside;
    case 'lost':
      return t.announce.lost;
    case 'back':
      return t.announce.back;
    case 'locked':
      return t.announce.locked;
    case 'unlocked':
      return t.announce.unlocked;
    case 'hand':
      return t.moderation.announce.hand(one.name);
    case 'visitor':
      return t.moderation.announce.visitor(one.name);
    case 'unchecked':
    case 'floor':
    case 'floorBack':
      return t.moderation.announce[one.kind](one.name);
    case 'visitors':
      return t.moderation.announce.visitors(one.count);
    case 'restart':
      return t.room.restart(clockTime(one.at));
    default:
      return t.moderation.announce[one.kind];
  }
}
