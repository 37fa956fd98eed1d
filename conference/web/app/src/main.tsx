import { createRoot } from 'react-dom/client';
import { restoreLanguage } from './i18n/language';
import { Directory } from './state/directory';
import { App } from './ui/App';
import { watchHistory } from './ui/path';
import './ui/base.css';

const place = document.getElementById('app');
if (place) {
  const directory = new Directory();
  watchHistory();
  void directory.load();
  void restoreLanguage().then(() => { createRoot(place).render(<App directory={directory} />); });
}
