import type { KeyboardEvent, SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import type { Participant } from '../signaling/messages';
import { limits } from '../signaling/messages';
import { peopleOrder } from '../state/order';
import { mayWriteTo } from '../state/rights';
import type { Session } from '../state/session';
import styles from './ChatPanel.module.css';
import { classes } from './classes';
import controls from './controls.module.css';
import { Icon } from './Icon';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface ComposerProps {
  readonly session: Session;
  /** Why one may not write. */
  readonly denied: string | undefined;
}

/** The field is emptied only when the message is on its way: without a connection what was typed stays. */
export function Composer({ session, denied }: ComposerProps) {
  const t = useTexts();
  const words = t.moderation.chat;
  const id = useId();
  const { participants, self, settings } = useReadable(session);
  const [text, setText] = useState('');
  // '': all. Whoever was chosen stays chosen when they leave, so that nothing private goes to all by mistake.
  const [to, setTo] = useState('');
  const me = participants.find((p) => p.id === self);
  const reachable = peopleOrder(participants, self).filter((p) => mayWriteTo(me, p, settings));
  const chosen = reachable.find((p) => p.id === to);
  const gone = to !== '' && !chosen;
  const over = [...text.trim()].length - limits.chat;
  if (denied !== undefined) return <p className={styles.off} role="status"><Icon name="chat" size={20} />{denied}</p>;
  const send = (event: SyntheticEvent): void => {
    event.preventDefault();
    const trimmed = text.trim();
    if (trimmed === '' || over > 0 || gone) return;
    if (session.sendChat(trimmed, to === '' ? undefined : to)) setText('');
  };
  const enter = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send(event);
  };
  return (
    <form className={classes(styles.composer, to !== '' && styles.privately)} onSubmit={send}>
      {(reachable.length > 0 || gone) && <Addressee to={to} reachable={reachable} gone={gone} onChange={setTo} />}
      <label className="hidden" htmlFor={id}>{t.chat.label}</label>
      <textarea
        id={id} className={controls.input} rows={2} value={text} placeholder={chosen ? words.privateTo(chosen.name) : t.chat.placeholder}
        onChange={(event) => { setText(event.target.value); }} onKeyDown={enter} aria-invalid={over > 0} aria-describedby={over > 0 ? `${id}-over` : undefined}
      />
      <button type="submit" className={styles.send} aria-label={t.chat.send} title={t.chat.send} aria-disabled={gone}><Icon name="send" /></button>
      {chosen && <p className={styles.only} role="status"><Icon name="lock" size={16} />{words.privateNote(chosen.name)}</p>}
      {gone && <p role="alert" className={styles.over}>{words.gone}</p>}
      {over > 0 && <p id={`${id}-over`} role="alert" className={styles.over}>{t.chat.tooLong(over)}</p>}
    </form>
  );
}

interface AddresseeProps {
  readonly to: string;
  readonly reachable: readonly Participant[];
  readonly gone: boolean;
  readonly onChange: (to: string) => void;
}

function Addressee({ to, reachable, gone, onChange }: AddresseeProps) {
  const words = useTexts().moderation.chat;
  const id = useId();
  return (
    <div className={styles.addressee}>
      <label htmlFor={id}>{words.to}</label>
      <select id={id} className={controls.input} value={to} onChange={(event) => { onChange(event.target.value); }}>
        <option value="">{words.all}</option>
        {gone && <option value={to}>{words.someone}</option>}
        {reachable.map((p) => <option key={p.id} value={p.id}>{p.name}</option>)}
      </select>
    </div>
  );
}
