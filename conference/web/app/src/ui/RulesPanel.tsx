import type { ReactNode } from 'react';
import { useId, useState } from 'react';
import type { Settings } from '../signaling/messages';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { HandoverDialog } from './HandoverDialog';
import { Panel } from './Panel';
import room from './Room.module.css';
import styles from './RulesPanel.module.css';
import { Switch } from './Switch';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface RulesPanelProps {
  readonly session: Session;
  readonly onClose: () => void;
}

/** The rules of this lesson; for organisers. Each switch is sent at once and shows what the server answered. */
export function RulesPanel({ session, onClose }: RulesPanelProps) {
  const t = useTexts();
  const words = t.moderation.rules;
  const { settings } = useReadable(session);
  const set = (change: Partial<Settings>): void => { session.order({ type: 'settings', ...change }); };
  return (
    <Panel title={words.title} onClose={onClose}>
      <div className={room.panelBody} tabIndex={0} role="region" aria-label={words.title}>
        <p className={styles.note}>{words.note}</p>
        <Group title={words.door}>
          <Switch label={words.locked} hint={words.lockedHint} icon="lock" on={settings.locked} onChange={(locked) => { set({ locked }); }} />
          <Switch label={words.lobby} hint={words.lobbyHint} icon="door" on={settings.lobby} onChange={(lobby) => { set({ lobby }); }} />
        </Group>
        <Group title={words.media}>
          <Switch label={words.microphones} hint={words.microphonesHint} icon="mic" on={settings.microphones} onChange={(microphones) => { set({ microphones }); }} />
          <Switch label={words.cameras} hint={words.camerasHint} icon="camera" on={settings.cameras} onChange={(cameras) => { set({ cameras }); }} />
          <Switch
            label={words.camerasTo} hint={words.camerasToHint} icon="shield" on={settings.camerasTo === 'organisers'}
            onChange={(on) => { set({ camerasTo: on ? 'organisers' : 'everyone' }); }}
          />
          <Switch label={words.screens} hint={words.screensHint} icon="screen" on={settings.screens} onChange={(screens) => { set({ screens }); }} />
        </Group>
        <Group title={words.chatTitle}>
          <Switch label={words.chat} hint={words.chatHint} icon="chat" on={settings.chat} onChange={(chat) => { set({ chat }); }} />
          <Switch label={words.privateChat} hint={words.privateChatHint} icon="people" on={settings.privateChat} onChange={(privateChat) => { set({ privateChat }); }} />
        </Group>
        <Group title={words.more}>
          <More session={session} />
        </Group>
      </div>
    </Panel>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.group}>
      <h3 id={id}>{title}</h3>
      {children}
    </section>
  );
}

function More({ session }: { readonly session: Session }) {
  const t = useTexts();
  const words = t.moderation.rules;
  const state = useReadable(session);
  const [pardoned, setPardoned] = useState(false);
  const [handover, setHandover] = useState(false);
  const pardon = (): void => { setPardoned(session.order({ type: 'pardon' })); };
  return (
    <>
      <div className={styles.deed}>
        <button type="button" className={controls.secondary} aria-describedby="verzeihen" onClick={pardon}>{words.pardon}</button>
        <p id="verzeihen" className={controls.hint} role="status">{pardoned ? words.pardoned : words.pardonHint}</p>
      </div>
      <div className={styles.deed}>
        <button type="button" className={controls.secondary} aria-describedby="weiter" onClick={() => { setHandover(true); }}>{words.handover}</button>
        <p id="weiter" className={controls.hint}>{words.handoverHint}</p>
      </div>
      {handover && <HandoverDialog room={state.room?.name ?? ''} onClose={() => { setHandover(false); }} />}
    </>
  );
}
