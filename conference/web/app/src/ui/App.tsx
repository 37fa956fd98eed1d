import { lazy, useEffect } from 'react';
import { language } from '../i18n/language';
import type { Directory } from '../state/directory';
import { Landing } from './Landing';
import { Lazily } from './Lazily';
import { PageMissing, PageWaiting } from './PageWaiting';
import { paths, roomOfPath, usePath } from './path';
import { RoomPage } from './RoomPage';
import { useReadable } from './useReadable';

const MyRoomsPage = lazy(() => import('./MyRoomsPage'));
const NetworkTestPage = lazy(() => import('./NetworkTestPage'));
const HandoverPage = lazy(() => import('./HandoverPage'));

/** Which page an address shows. What few people need comes when they go there. */
export function App({ directory }: { readonly directory: Directory }) {
  const path = usePath();
  const lang = useReadable(language);
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  const page = pageOf(path, directory);
  // A key for each address: a page that could not be loaded does not stand in the way of the next one.
  return page.eager ?? (
    <Lazily key={path} waiting={<PageWaiting directory={directory} />} failed={<PageMissing directory={directory} />}>{page.lazy}</Lazily>
  );
}

function pageOf(path: string, directory: Directory) {
  switch (path) {
    case paths.myRooms:
      return { lazy: <MyRoomsPage directory={directory} /> };
    case paths.networkTest:
      return { lazy: <NetworkTestPage directory={directory} /> };
    case paths.handover:
      return { lazy: <HandoverPage directory={directory} /> };
    default: {
      const room = roomOfPath(path);
      return { eager: room === undefined ? <Landing directory={directory} /> : <RoomPage key={room} room={room} directory={directory} /> };
    }
  }
}
