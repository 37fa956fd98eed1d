import type { IconName } from './Icon';

export type PanelName = 'chat' | 'people' | 'invite' | 'rules' | 'view';

/** One control of the toolbar. */
export interface Tool {
  readonly id: string;
  readonly icon: IconName;
  /** The full name, read out and shown on hovering. */
  readonly name: string;
  /** One word below the icon. */
  readonly word: string;
  /** The letter that works together with Alt. */
  readonly key?: string;
  readonly look: 'plain' | 'off' | 'active' | 'danger' | 'alarm';
  readonly busy?: boolean;
  /** Why it may not be used now, in words. Pressing it says so. */
  readonly denied?: string | undefined;
  readonly badge?: number;
  /** A small second icon, for a state that the name tells as well. */
  readonly mark?: IconName;
  readonly panel?: PanelName;
  /** Opens something above the toolbar. */
  readonly popup?: boolean;
  readonly act: () => void;
}

/**
 * Which tools stand in a bar that has room for `room` of them; the others go behind "Mehr". `important` names the ones that stay longest,
 * the rest stays in its order.
 */
export function shareOut<T extends { readonly id: string }>(tools: readonly T[], room: number, important: readonly string[]): { readonly shown: readonly T[]; readonly more: readonly T[] } {
  if (tools.length <= room) return { shown: tools, more: [] };
  const rank = ({ id }: T): number => {
    const at = important.indexOf(id);
    return at < 0 ? important.length : at;
  };
  const stay = new Set([...tools].sort((a, b) => rank(a) - rank(b)).slice(0, Math.max(1, room - 1)));
  return { shown: tools.filter((tool) => stay.has(tool)), more: tools.filter((tool) => !stay.has(tool)) };
}
