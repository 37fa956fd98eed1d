import type { Texts } from '../de';

export const pages: Texts['pages'] = {
  qrFailed: 'The QR code could not be loaded.',
  loading: 'Loading …',
  partMissing: 'A part of the page could not be loaded. Perhaps it has just been renewed, or the connection is gone.',
  reload: 'Reload page',
};
