import { language } from '../i18n/language';

/** A moment (milliseconds since 1970) as the clock on the wall shows it, such as 04:30. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString(language.getState() === 'de' ? 'de-DE' : 'en-GB', { hour: '2-digit', minute: '2-digit' });
}
