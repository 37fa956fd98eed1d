import { useEffect, useRef, useState } from 'react';
import type { Texts } from '../i18n/de';
import type { ChatMessage } from '../signaling/messages';
import { denialOf } from '../state/rights';
import type { RoomState } from '../state/room';
import { selfOf } from '../state/room';
import type { Session } from '../state/session';
import styles from './ChatPanel.module.css';
import { classes } from './classes';
import { clockTime } from './clockTime';
import { Composer } from './Composer';
import { LinkDialog } from './LinkDialog';
import { MessageText } from './MessageText';
import { Panel } from './Panel';
import room from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** The room's chat. Everything is shown as plain text; an address opens only after a second look at it. */
export function ChatPanel({ session, onClose }: { readonly session: Session; readonly onClose: () => void }) {
  const t = useTexts();
  const state = useReadable(session);
  const [link, setLink] = useState<string>();
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = body.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [state.chat.length]);
  return (
    <>
      <Panel title={t.chat.title} onClose={onClose}>
        <div ref={body} className={room.panelBody} tabIndex={0} role="region" aria-label={t.chat.messages}>
          <p className={styles.note}>{t.chat.note}</p>
          {state.chat.length === 0 && <p className={styles.empty}>{t.chat.empty}</p>}
          <ol className={styles.list}>
            {state.chat.map((message) => <Message key={message.id} message={message} state={state} onLink={setLink} />)}
          </ol>
        </div>
        <Composer session={session} denied={deniedWords(t, state)} />
      </Panel>
      {link !== undefined && <LinkDialog link={link} onClose={() => { setLink(undefined); }} />}
    </>
  );
}

interface MessageProps {
  readonly message: ChatMessage;
  readonly state: RoomState;
  readonly onLink: (link: string) => void;
}

function Message({ message, state, onLink }: MessageProps) {
  const t = useTexts();
  const own = message.from === state.self;
  return (
    <li className={classes(styles.message, own && styles.own, message.to !== undefined && styles.private)}>
      <p className={styles.who}>
        <span><strong>{own ? t.room.you : message.name}</strong>{message.to !== undefined && <span className={styles.to}> {addressee(t, state, message.to)}</span>}</span>
        {' '}
        <time dateTime={new Date(message.at).toISOString()}>{clockTime(message.at)}</time>
      </p>
      <p className={styles.text}><MessageText text={message.text} onLink={onLink} /></p>
    </li>
  );
}

function addressee(t: Texts, state: RoomState, to: string): string {
  if (to === state.self) return t.moderation.chat.privateFrom;
  return t.moderation.chat.privateTo(state.participants.find((p) => p.id === to)?.name ?? t.moderation.chat.someone);
}

/** Why one may not write now; undefined: one may. */
function deniedWords(t: Texts, state: RoomState): string | undefined {
  const words = t.moderation.chat;
  const self = selfOf(state);
  if (state.pause !== undefined && self?.role !== 'organiser') return words.paused;
  switch (denialOf(self, state.settings, 'chat')) {
    case undefined:
      return undefined;
    case 'held':
      return words.heldOff;
    case 'denied':
      return words.offForYou;
    case 'settings':
      return words.off;
  }
}
