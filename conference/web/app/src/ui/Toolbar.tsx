import type { KeyboardEvent } from 'react';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import { isOrganiser, titleOf } from '../state/room';
import type { Session } from '../state/session';
import { classes } from './classes';
import { Icon } from './Icon';
import { LeaveDialog } from './LeaveDialog';
import { Popup } from './Popup';
import { ReactionMenu } from './ReactionMenu';
import styles from './Toolbar.module.css';
import type { PanelName, Tool } from './toolList';
import { shareOut } from './toolList';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';
import { importantTools, useTools } from './useTools';

interface ToolbarProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly panel: PanelName | undefined;
  readonly onPanel: (panel: PanelName | undefined) => void;
}

type Opened = 'more' | 'react' | 'leave';

/**
 * The controls; what does not fit stands behind "Mehr". Most have a shortcut with Alt, named in the title; plain letters would collide with
 * typing and screen readers. The emergency has none: it must not be pressed by mistake.
 */
export function Toolbar({ session, media, panel, onPanel }: ToolbarProps) {
  const t = useTexts();
  const state = useReadable(session);
  const organiser = isOrganiser(state);
  const [opened, setOpened] = useState<Opened>();
  const close = (): void => { setOpened(undefined); };
  const tools = useTools({
    session, media, panel, onPanel,
    onReact: () => { setOpened((now) => (now === 'react' ? undefined : 'react')); },
    onLeave: () => {
      if (organiser) setOpened('leave');
      else session.leave();
    },
  });
  useShortcuts(tools, session);
  const { shown, more } = shareOut(tools, useRoomForTools(), organiser ? importantTools.organiser : importantTools.participant);
  const moreTool: Tool = {
    id: 'more', icon: 'more', name: t.moderation.tools.moreName, word: t.moderation.tools.more, look: opened === 'more' ? 'active' : 'plain', popup: true,
    badge: more.reduce((sum, { badge = 0 }) => sum + badge, 0), act: () => { setOpened((now) => (now === 'more' ? undefined : 'more')); },
  };
  // "Verlassen" stands last wherever it stands.
  const bar = more.length === 0 ? shown : [...shown.slice(0, -1), moreTool, ...shown.slice(-1)];
  return (
    <footer className={styles.bar}>
      <p className={styles.name} title={titleOf(state.room)}>{titleOf(state.room)}</p>
      <div role="toolbar" aria-label={t.toolbar.label} className={styles.toolbar} onKeyDown={moveFocus}>
        {bar.map((tool) => (
          <ToolButton key={tool.id} tool={tool} session={session} open={tool.popup ? opened === tool.id : tool.panel && panel === tool.panel} />
        ))}
      </div>
      {opened === 'more' && more.length > 0 && (
        <Popup label={t.moderation.tools.moreName} onClose={close}>
          <ul className={styles.more}>
            {more.map((tool) => (
              <li key={tool.id}>
                <button
                  type="button" className={classes(styles.item, tool.look === 'alarm' && styles.itemAlarm)} data-panel={tool.panel} aria-disabled={tool.denied !== undefined || tool.busy}
                  onClick={() => {
                    if (tool.id !== 'react') close();
                    operate(tool, session);
                  }}
                >
                  <Icon name={tool.icon} />
                  <span>{tool.name}{tool.denied !== undefined && <small>{tool.denied}</small>}</span>
                </button>
              </li>
            ))}
          </ul>
        </Popup>
      )}
      {opened === 'react' && <Popup label={t.moderation.reactions.title} onClose={close}><ReactionMenu session={session} onDone={close} /></Popup>}
      {opened === 'leave' && <LeaveDialog session={session} onClose={close} />}
    </footer>
  );
}

/** What may not be used says why instead of doing anything. What is on can always be switched off. */
function operate(tool: Tool, session: Session): void {
  if (tool.busy) return;
  if (tool.denied === undefined) tool.act();
  else session.explain(tool.denied);
}

const followWidth = (listener: () => void): (() => void) => {
  window.addEventListener('resize', listener);
  return () => { window.removeEventListener('resize', listener); };
};

/** How many tools stand side by side, by the widths in Toolbar.module.css. */
function useRoomForTools(): number {
  const width = useSyncExternalStore(followWidth, () => window.innerWidth);
  if (width <= 420) return Math.floor((width - 4) / 48);
  if (width <= 620) return Math.floor((width - 16) / 56);
  return Math.floor((width - 24) / 80);
}

/** Arrow keys go from tool to tool (ARIA Authoring Practices, toolbar); Tab works as well. */
function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.findIndex((button) => button === document.activeElement);
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}

function ToolButton({ tool, session, open }: { readonly tool: Tool; readonly session: Session; readonly open: boolean | undefined }) {
  const t = useTexts();
  const name = tool.denied === undefined ? tool.name : `${tool.name}. ${tool.denied}`;
  return (
    <button
      type="button" className={classes(styles.tool, styles[tool.look])} onClick={() => { operate(tool, session); }} disabled={tool.busy} data-panel={tool.panel}
      data-popup={tool.popup ? tool.id : undefined} aria-label={name} aria-disabled={tool.denied === undefined ? undefined : true} aria-expanded={open}
      aria-keyshortcuts={tool.key && `Alt+${tool.key}`} title={tool.key ? `${name} (${t.toolbar.shortcut(tool.key)})` : name}
    >
      <span className={styles.icon}>
        <Icon name={tool.icon} />
        {tool.badge !== undefined && tool.badge > 0 && <span className={styles.badge} data-count={tool.badge > 99 ? '99+' : tool.badge} aria-hidden="true" />}
        {tool.mark && <span className={styles.mark} data-testid={tool.mark}><Icon name={tool.mark} size={13} /></span>}
      </span>
      <span className={styles.word} aria-hidden="true">{tool.word}</span>
    </button>
  );
}

/** Alt and a letter, by the key's place, because Alt changes the letter on some keyboards. AltGr is left alone: it types @ and €. */
function useShortcuts(tools: readonly Tool[], session: Session): void {
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent): void => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat || event.getModifierState('AltGraph')) return;
      const tool = tools.find(({ key }) => key !== undefined && event.code === `Key${key}`);
      if (!tool || tool.busy) return;
      event.preventDefault();
      operate(tool, session);
    };
    window.addEventListener('keydown', press);
    return () => { window.removeEventListener('keydown', press); };
  }, [tools, session]);
}
