import type { KeyboardEvent, SyntheticEvent } from 'react';
import { useEffect, useId, useRef, useState } from 'react';
import type { ChatMessage } from '../signaling/messages';
import { limits } from '../signaling/messages';
import type { Session } from '../state/session';
import styles from './ChatPanel.module.css';
import { classes } from './classes';
import { clockTime } from './clockTime';
import controls from './controls.module.css';
import { Icon } from './Icon';
import { Panel } from './Panel';
import room from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** The room's chat. Everything is shown as plain text; addresses are no links, so nobody is led elsewhere by a click. */
export function ChatPanel({ session, onClose }: { readonly session: Session; readonly onClose: () => void }) {
  const t = useTexts();
  const { chat, self } = useReadable(session);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = body.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [chat.length]);
  return (
    <Panel title={t.chat.title} onClose={onClose}>
      <div ref={body} className={room.panelBody} tabIndex={0} role="region" aria-label={t.chat.messages}>
        <p className={styles.note}>{t.chat.note}</p>
        {chat.length === 0 && <p className={styles.empty}>{t.chat.empty}</p>}
        <ol className={styles.list}>
          {chat.map((message) => <Message key={message.id} message={message} own={message.from === self} />)}
        </ol>
      </div>
      <Composer onSend={(text) => session.sendChat(text)} />
    </Panel>
  );
}

function Message({ message, own }: { readonly message: ChatMessage; readonly own: boolean }) {
  const t = useTexts();
  return (
    <li className={classes(styles.message, own && styles.own)}>
      <p className={styles.who}><strong>{own ? t.room.you : message.name}</strong> <time dateTime={new Date(message.at).toISOString()}>{clockTime(message.at)}</time></p>
      <p className={styles.text}>{message.text}</p>
    </li>
  );
}

/** The field is emptied only when the message is on its way: without a connection what was typed stays. */
function Composer({ onSend }: { readonly onSend: (text: string) => boolean }) {
  const t = useTexts();
  const id = useId();
  const [text, setText] = useState('');
  const over = [...text.trim()].length - limits.chat;
  const send = (event: SyntheticEvent): void => {
    event.preventDefault();
    const trimmed = text.trim();
    if (trimmed === '' || over > 0) return;
    if (onSend(trimmed)) setText('');
  };
  const enter = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send(event);
  };
  return (
    <form className={styles.composer} onSubmit={send}>
      <label className="hidden" htmlFor={id}>{t.chat.label}</label>
      <textarea
        id={id} className={controls.input} rows={2} value={text} placeholder={t.chat.placeholder} onChange={(event) => { setText(event.target.value); }}
        onKeyDown={enter} aria-invalid={over > 0} aria-describedby={over > 0 ? `${id}-over` : undefined}
      />
      <button type="submit" className={styles.send} aria-label={t.chat.send} title={t.chat.send}><Icon name="send" /></button>
      {over > 0 && <p id={`${id}-over`} role="alert" className={styles.over}>{t.chat.tooLong(over)}</p>}
    </form>
  );
}
