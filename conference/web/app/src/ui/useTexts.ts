import type { Texts } from '../i18n/de';
import { language, textsOf } from '../i18n/language';
import { useReadable } from './useReadable';

export function useTexts(): Texts {
  return textsOf(useReadable(language));
}
