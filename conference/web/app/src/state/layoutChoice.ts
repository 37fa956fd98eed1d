import { asBoolean, asFields, asOneOf, asString, parseJSON } from '../signaling/guards';
import { Store } from './store';

export const layoutKinds = ['grid', 'speaker', 'teacher'] as const;
export type LayoutKind = (typeof layoutKinds)[number];

/** How somebody wants to see the lesson. It is their own affair: nobody else sees or is told anything of it. */
export interface ViewChoice {
  readonly layout: LayoutKind;
  /** The ID of a person to be shown large, whatever the layout; undefined: nobody. */
  readonly pinned: string | undefined;
  /** Neither send nor receive pictures. */
  readonly audioOnly: boolean;
  /** Only organisers' cameras and screens. */
  readonly teacherOnly: boolean;
  readonly hideSelf: boolean;
}

export const plainView: ViewChoice = { layout: 'grid', pinned: undefined, audioOnly: false, teacherOnly: false, hideSelf: false };

const key = 'kreisraum.view';

/** What was stored, as far as it makes sense. */
export function decodeView(text: string): ViewChoice {
  const fields = asFields(parseJSON(text));
  if (!fields) return plainView;
  return {
    layout: asOneOf(fields['layout'], layoutKinds) ?? plainView.layout,
    pinned: asString(fields['pinned']),
    audioOnly: asBoolean(fields['audioOnly']) ?? false,
    teacherOnly: asBoolean(fields['teacherOnly']) ?? false,
    hideSelf: asBoolean(fields['hideSelf']) ?? false,
  };
}

/** Storage may be switched off; then the choice lasts as long as the page. */
function remembered(): ViewChoice {
  try {
    return decodeView(sessionStorage.getItem(key) ?? '');
  } catch {
    return plainView;
  }
}

/** The choice of this tab; one for the whole page, kept over a reload. */
export const viewChoice = new Store<ViewChoice, Partial<ViewChoice>>(remembered(), (choice, change) => ({ ...choice, ...change }));

viewChoice.subscribe(() => {
  try {
    sessionStorage.setItem(key, JSON.stringify(viewChoice.getState()));
  } catch {
    // Storage is switched off or full.
  }
});
