import { rememberedLanguage, rememberLanguage } from '../state/memory';
import { Store } from '../state/store';
import type { Texts } from './de';
import { de } from './de';
import { en } from './en';

export type Language = 'de' | 'en';

const texts: Readonly<Record<Language, Texts>> = { de, en };

/** The page's language: German unless somebody has switched. */
export const language = new Store<Language, Language>(rememberedLanguage() === 'en' ? 'en' : 'de', (_, next) => next);

export function textsOf(chosen: Language): Texts {
  return texts[chosen];
}

export function switchLanguage(): void {
  const next: Language = language.getState() === 'de' ? 'en' : 'de';
  rememberLanguage(next);
  language.dispatch(next);
}
