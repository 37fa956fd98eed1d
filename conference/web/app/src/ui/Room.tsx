import { useEffect, useRef, useState } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import { isOrganiser, titleOf } from '../state/room';
import type { Session } from '../state/session';
import { Announcer } from './Announcer';
import { Banners, Mending } from './Banners';
import { ChatPanel } from './ChatPanel';
import { InvitePanel } from './InvitePanel';
import { PeoplePanel } from './PeoplePanel';
import { Reactions } from './Reactions';
import styles from './Room.module.css';
import { RulesPanel } from './RulesPanel';
import { Stage } from './Stage';
import { Toolbar } from './Toolbar';
import type { PanelName } from './toolList';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';
import { ViewMenu } from './ViewMenu';
import { useWakeLock } from './useWakeLock';

/** Inside: the pictures, at most one panel beside them, the controls below. */
export function Room({ session, media }: { readonly session: Session; readonly media: LocalMedia }) {
  const t = useTexts();
  const state = useReadable(session);
  const [panel, setPanel] = useState<PanelName>();
  const main = useRef<HTMLElement>(null);
  const name = titleOf(state.room);
  useTitle(state.unread > 0 ? `(${state.unread}) ${name}` : name);
  useWakeLock();
  useEffect(() => { main.current?.focus(); }, []);
  useEffect(() => { session.setChatOpen(panel === 'chat'); }, [panel, session]);

  const close = (): void => {
    // The button stands in the bar, or behind "Mehr".
    const opener = document.querySelector<HTMLElement>(`[data-panel="${panel ?? ''}"]`) ?? document.querySelector<HTMLElement>('[data-popup="more"]');
    setPanel(undefined);
    opener?.focus();
  };
  const organiser = isOrganiser(state);
  return (
    <div className={styles.room} data-panel-open={panel !== undefined}>
      <Banners session={session} media={media} panel={panel} onPanel={setPanel} />
      <main ref={main} tabIndex={-1} className={styles.stage} aria-label={t.room.stage}>
        <h1 className="hidden">{t.check.title(name)}</h1>
        <Mending session={session} />
        <Stage session={session} media={media} />
        <Reactions session={session} />
      </main>
      {panel === 'chat' && <ChatPanel session={session} onClose={close} />}
      {panel === 'people' && <PeoplePanel session={session} media={media} onClose={close} />}
      {panel === 'invite' && organiser && <InvitePanel session={session} onClose={close} />}
      {panel === 'rules' && organiser && <RulesPanel session={session} onClose={close} />}
      {panel === 'view' && <ViewMenu session={session} media={media} onClose={close} />}
      <Toolbar session={session} media={media} panel={panel} onPanel={setPanel} />
      <Announcer session={session} />
    </div>
  );
}
