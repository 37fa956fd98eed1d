import type { KeyboardEvent } from 'react';
import { useEffect } from 'react';
import { canShareScreen } from '../rtc/devices';
import type { LocalMedia } from '../rtc/localMedia';
import { mayShareScreen, selfOf } from '../state/room';
import type { Session } from '../state/session';
import { classes } from './classes';
import type { IconName } from './Icon';
import { Icon } from './Icon';
import styles from './Toolbar.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

export type PanelName = 'chat' | 'people' | 'invite';

interface ToolbarProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly panel: PanelName | undefined;
  readonly onPanel: (panel: PanelName | undefined) => void;
}

interface Tool {
  readonly id: string;
  readonly icon: IconName;
  /** The full name, read out and shown on hovering. */
  readonly name: string;
  /** One word below the icon. */
  readonly word: string;
  /** The letter that works together with Alt. */
  readonly key: string;
  readonly look: 'plain' | 'off' | 'active' | 'danger';
  readonly busy?: boolean;
  readonly badge?: number;
  /** A small second icon, for a state that the name tells as well. */
  readonly mark?: IconName;
  readonly panel?: PanelName;
  readonly act: () => void;
}

/** The controls. Each has a shortcut with Alt, named in its title; plain letters would collide with typing and screen readers. */
export function Toolbar(props: ToolbarProps) {
  const t = useTexts();
  const tools = useTools(props);
  useShortcuts(tools);
  const { room } = useReadable(props.session);
  return (
    <footer className={styles.bar}>
      <p className={styles.name} title={room?.name}>{room?.name}</p>
      <div role="toolbar" aria-label={t.toolbar.label} className={styles.toolbar} onKeyDown={moveFocus}>
        {tools.map((tool) => <ToolButton key={tool.id} tool={tool} open={tool.panel === undefined ? undefined : props.panel === tool.panel} />)}
      </div>
    </footer>
  );
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

function ToolButton({ tool, open }: { readonly tool: Tool; readonly open: boolean | undefined }) {
  const t = useTexts();
  return (
    <button
      type="button" className={classes(styles.tool, styles[tool.look])} onClick={tool.act} disabled={tool.busy} data-panel={tool.panel}
      aria-label={tool.name} aria-expanded={open} aria-keyshortcuts={`Alt+${tool.key}`} title={`${tool.name} (${t.toolbar.shortcut(tool.key)})`}
    >
      <span className={styles.icon}>
        <Icon name={tool.icon} />
        {tool.badge !== undefined && tool.badge > 0 && <span className={styles.badge} aria-hidden="true">{tool.badge > 99 ? '99+' : tool.badge}</span>}
        {tool.mark && <span className={styles.mark} data-testid={tool.mark}><Icon name={tool.mark} size={13} /></span>}
      </span>
      <span className={styles.word} aria-hidden="true">{tool.word}</span>
    </button>
  );
}

function useTools({ session, media, panel, onPanel }: ToolbarProps): readonly Tool[] {
  const t = useTexts();
  const state = useReadable(session);
  const local = useReadable(media);
  const locked = state.settings.locked;
  const count = state.participants.length;
  const toggle = (name: PanelName) => (): void => { onPanel(panel === name ? undefined : name); };
  const look = (name: PanelName): Tool['look'] => (panel === name ? 'active' : 'plain');
  const tools: Tool[] = [
    {
      id: 'mic', icon: local.mic ? 'mic' : 'micOff', name: local.mic ? t.toolbar.micOff : t.toolbar.micOn, word: t.toolbar.mic, key: 'M',
      look: local.mic ? 'plain' : 'off', busy: local.busy.microphone, act: () => { void media.setMic(!local.mic); },
    },
    {
      id: 'camera', icon: local.camera ? 'camera' : 'cameraOff', name: local.camera ? t.toolbar.cameraOff : t.toolbar.cameraOn,
      word: t.toolbar.camera, key: 'K', look: local.camera ? 'plain' : 'off', busy: local.busy.camera,
      act: () => { void media.setCamera(!local.camera); },
    },
  ];
  if (mayShareScreen(state) && canShareScreen()) {
    tools.push({
      id: 'screen', icon: 'screen', name: local.screen ? t.toolbar.screenOff : t.toolbar.screenOn, word: t.toolbar.screen, key: 'B',
      look: local.screen ? 'active' : 'plain', act: () => { void media.setScreen(!local.screen); },
    });
  }
  tools.push(
    {
      id: 'chat', icon: 'chat', name: state.unread > 0 ? t.toolbar.chatUnread(state.unread) : t.toolbar.chat, word: t.toolbar.chat, key: 'C',
      look: look('chat'), badge: state.unread, panel: 'chat', act: toggle('chat'),
    },
    {
      id: 'people', icon: 'people', name: locked ? t.toolbar.peopleCountLocked(count) : t.toolbar.peopleCount(count), word: t.toolbar.people, key: 'P',
      look: look('people'), panel: 'people', act: toggle('people'), ...(locked ? { mark: 'lock' } : {}),
    },
  );
  if (selfOf(state)?.role === 'organiser') {
    tools.push({ id: 'invite', icon: 'invite', name: t.toolbar.invite, word: t.toolbar.invite, key: 'E', look: look('invite'), panel: 'invite', act: toggle('invite') });
  }
  tools.push({ id: 'leave', icon: 'leave', name: t.toolbar.leaveRoom, word: t.toolbar.leave, key: 'V', look: 'danger', act: () => { session.leave(); } });
  return tools;
}

/** Alt and a letter, by the key's place, because Alt changes the letter on some keyboards. AltGr is left alone: it types @ and €. */
function useShortcuts(tools: readonly Tool[]): void {
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent): void => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat || event.getModifierState('AltGraph')) return;
      const tool = tools.find(({ key }) => event.code === `Key${key}`);
      if (!tool || tool.busy) return;
      event.preventDefault();
      tool.act();
    };
    window.addEventListener('keydown', press);
    return () => { window.removeEventListener('keydown', press); };
  }, [tools]);
}
