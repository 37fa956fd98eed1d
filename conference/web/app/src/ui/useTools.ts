import { canShareScreen } from '../rtc/devices';
import type { LocalMedia } from '../rtc/localMedia';
import type { Texts } from '../i18n/de';
import { denialOf } from '../state/rights';
import type { Usable } from '../state/rights';
import { selfOf } from '../state/room';
import type { RoomState } from '../state/room';
import type { Session } from '../state/session';
import type { PanelName, Tool } from './toolList';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

export interface ToolsContext {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly panel: PanelName | undefined;
  readonly onPanel: (panel: PanelName | undefined) => void;
  readonly onReact: () => void;
  readonly onLeave: () => void;
}

/** What stays longest where the bar is short. */
export const importantTools = {
  participant: ['leave', 'mic', 'camera', 'hand', 'chat', 'people', 'react', 'screen'],
  organiser: ['leave', 'mic', 'camera', 'people', 'chat', 'emergency', 'screen', 'rules', 'invite'],
} as const;

/** Everything that can be done from the toolbar, in its order. */
export function useTools(context: ToolsContext): readonly Tool[] {
  const t = useTexts();
  const state = useReadable(context.session);
  const local = useReadable(context.media);
  const organiser = selfOf(state)?.role === 'organiser';
  const make = (panel: PanelName, tool: Omit<Tool, 'look' | 'panel' | 'act'>): Tool => ({
    ...tool, panel, look: context.panel === panel ? 'active' : 'plain', act: () => { context.onPanel(context.panel === panel ? undefined : panel); },
  });
  return [
    ...mediaTools(t, state, local, context),
    handTool(t, state, context),
    { id: 'react', icon: 'react', name: t.moderation.tools.reactName, word: t.moderation.tools.react, key: 'R', look: 'plain', popup: true, denied: stopped(t, state), act: context.onReact },
    make('chat', { id: 'chat', icon: 'chat', name: state.unread > 0 ? t.toolbar.chatUnread(state.unread) : t.toolbar.chat, word: t.toolbar.chat, key: 'C', badge: state.unread }),
    make('people', peopleTool(t, state)),
    make('view', { id: 'view', icon: 'view', name: t.media.view.title, word: t.media.view.short, key: 'A' }),
    ...(organiser ? organiserTools(t, state, context, make) : []),
    {
      id: 'leave', icon: 'leave', name: organiser ? t.moderation.tools.endName : t.toolbar.leaveRoom, word: organiser ? t.moderation.tools.end : t.toolbar.leave,
      key: 'V', look: 'danger', act: context.onLeave,
    },
  ];
}

/** Why nothing at all goes at the moment. */
function stopped(t: Texts, state: RoomState): string | undefined {
  if (selfOf(state)?.role === 'organiser') return undefined;
  if (selfOf(state)?.held === true) return t.moderation.tools.denied.held;
  return state.pause === undefined ? undefined : t.moderation.tools.denied.paused;
}

function deniedWords(t: Texts, state: RoomState, what: Usable): string | undefined {
  const denial = denialOf(selfOf(state), state.settings, what);
  return denial && t.moderation.tools.denied[denial];
}

/** Why this browser cannot share at all. */
function sharingWords(t: Texts): string {
  return window.matchMedia('(pointer: coarse)').matches ? t.media.share.phone : t.media.share.browser;
}

function mediaTools(t: Texts, state: RoomState, local: ReturnType<LocalMedia['getState']>, { media }: ToolsContext): readonly Tool[] {
  return [
    {
      id: 'mic', icon: local.mic ? 'mic' : 'micOff', name: local.mic ? t.toolbar.micOff : t.toolbar.micOn, word: t.toolbar.mic, key: 'M',
      look: local.mic ? 'plain' : 'off', busy: local.busy.microphone, denied: deniedWords(t, state, 'microphone'),
      act: () => { void media.setMic(!local.mic); },
    },
    {
      id: 'camera', icon: local.camera ? 'camera' : 'cameraOff', name: local.camera ? t.toolbar.cameraOff : t.toolbar.cameraOn,
      word: t.toolbar.camera, key: 'K', look: local.camera ? 'plain' : 'off', busy: local.busy.camera, denied: deniedWords(t, state, 'camera'),
      act: () => { void media.setCamera(!local.camera); },
    },
    {
      id: 'screen', icon: 'screen', name: local.screen ? t.toolbar.screenOff : t.toolbar.screenOn, word: t.toolbar.screen, key: 'B',
      look: local.screen ? 'active' : 'plain', denied: canShareScreen() ? deniedWords(t, state, 'screen') : sharingWords(t),
      act: () => { void media.setScreen(!local.screen); },
    },
  ];
}

function handTool(t: Texts, state: RoomState, { session }: ToolsContext): Tool {
  const up = selfOf(state)?.hand !== undefined;
  return {
    id: 'hand', icon: 'hand', name: up ? t.moderation.tools.handDown : t.moderation.tools.handUp, word: t.moderation.tools.hand, key: 'H',
    look: up ? 'active' : 'plain', act: () => { session.raiseHand(!up); },
  };
}

function peopleTool(t: Texts, state: RoomState): Omit<Tool, 'look' | 'panel' | 'act'> {
  const { locked } = state.settings;
  const count = state.participants.length;
  const inside = locked ? t.toolbar.peopleCountLocked(count) : t.toolbar.peopleCount(count);
  const waiting = state.lobby.length;
  return {
    id: 'people', icon: 'people', name: waiting > 0 ? `${inside}, ${t.moderation.banner.lobby(waiting)}` : inside, word: t.toolbar.people, key: 'P',
    badge: waiting, ...(locked ? { mark: 'lock' } : {}),
  };
}

function organiserTools(
  t: Texts, state: RoomState, { session, onPanel }: ToolsContext, make: (panel: PanelName, tool: Omit<Tool, 'look' | 'panel' | 'act'>) => Tool,
): readonly Tool[] {
  const words = t.moderation.tools;
  return [
    make('invite', { id: 'invite', icon: 'invite', name: t.toolbar.invite, word: t.toolbar.invite, key: 'E' }),
    make('rules', { id: 'rules', icon: 'rules', name: words.rulesName, word: words.rules, key: 'U' }),
    {
      id: 'emergency', icon: 'stop', name: state.emergency ? words.emergencyOn : words.emergencyName, word: words.emergency, look: state.emergency ? 'alarm' : 'plain',
      act: () => {
        if (!state.emergency) session.order({ type: 'emergency', on: true });
        onPanel('people');
      },
    },
  ];
}
