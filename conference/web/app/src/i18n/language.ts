import { rememberedLanguage, rememberLanguage } from '../state/memory';
import { Store } from '../state/store';
import type { Texts } from './de';
import { de } from './de';

export type Language = 'de' | 'en';

/** German comes with the page, other languages when they are chosen. */
const texts: { readonly de: Texts; en?: Texts } = { de };

/** The page's language: German unless somebody has switched. It changes when the texts are there. */
export const language = new Store<Language, Language>('de', (_, next) => next);

export function textsOf(chosen: Language): Texts {
  return texts[chosen] ?? texts.de;
}

async function show(next: Language): Promise<boolean> {
  try {
    if (next === 'en') texts.en ??= (await import('./en')).en;
  } catch {
    return false; // the texts cannot be had just now: the page stays as it is
  }
  language.dispatch(next);
  return true;
}

/** Shows the page in the language that was chosen last. Never rejects. */
export async function restoreLanguage(): Promise<void> {
  if (rememberedLanguage() === 'en') await show('en');
}

export async function switchLanguage(): Promise<void> {
  const next: Language = language.getState() === 'de' ? 'en' : 'de';
  if (await show(next)) rememberLanguage(next);
}
