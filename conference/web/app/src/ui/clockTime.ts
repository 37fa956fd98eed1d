import { language } from '../i18n/language';

/** A moment (milliseconds since 1970) as the clock on the wall shows it, such as 04:30. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString(language.getState() === 'de' ? 'de-DE' : 'en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** Day and time (milliseconds since 1970) as spreadsheets read them, such as 22.11.2026 08:15. */
export function dayAndTime(at: number): string {
  return new Date(at).toLocaleString(language.getState() === 'de' ? 'de-DE' : 'en-GB', { day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' }).replace(',', '');
}
