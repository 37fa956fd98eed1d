import { useEffect } from 'react';
import { language } from '../i18n/language';
import type { Directory } from '../state/directory';
import { Landing } from './Landing';
import { roomOfPath, usePath } from './path';
import { RoomPage } from './RoomPage';
import { useReadable } from './useReadable';

export function App({ directory }: { readonly directory: Directory }) {
  const room = roomOfPath(usePath());
  const lang = useReadable(language);
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  return room === undefined ? <Landing directory={directory} /> : <RoomPage key={room} room={room} directory={directory} />;
}
