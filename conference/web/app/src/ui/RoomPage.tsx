import { lazy, useEffect, useRef, useState } from 'react';
import { assertNever } from '../assertNever';
import { LocalMedia } from '../rtc/localMedia';
import { roomSocketURL } from '../signaling/api';
import type { Role } from '../signaling/messages';
import { isRoomName } from '../signaling/roomName';
import type { Directory } from '../state/directory';
import { rememberedName, rememberedReturn } from '../state/memory';
import { Session } from '../state/session';
import { BadRoom } from './BadRoom';
import { CodeDoor, ConnectingDoor, LobbyDoor, LockedDoor, QueueDoor, WaitingDoor } from './Door';
import { DeviceCheck } from './DeviceCheck';
import { Outcome } from './Outcome';
import { Lazily } from './Lazily';
import { PageMissing } from './PageWaiting';
import { isPhone } from './phone';
import { useReadable } from './useReadable';

/** The lesson itself is the largest part of the page: it comes while somebody checks their devices or waits at the door. */
const loadRoom = () => import('./Room');
const Room = lazy(() => loadRoom().then((part) => ({ default: part.Room })));

interface RoomPageProps {
  readonly room: string;
  readonly directory: Directory;
}

/** A room's address: first the check of devices, then one stay after the other. */
export function RoomPage({ room, directory }: RoomPageProps) {
  const [media] = useState(() => new LocalMedia());
  const [session, setSession] = useState<Session>();
  const current = useRef<Session>(undefined);
  useEffect(() => { loadRoom().catch(() => undefined); }, []); // what fails here is tried again when it is needed
  useEffect(() => () => {
    current.current?.leave();
    media.close();
  }, [media]);
  useEffect(() => {
    // A page that was loaded anew goes straight back to where it was; who has left has nothing to come back to.
    const back = rememberedReturn(room);
    const name = rememberedName();
    if (!back || name === '' || current.current) return;
    const next = stay({ room, name, role: back.role, media });
    current.current = next;
    setSession(next);
  }, [room, media]);

  if (!isRoomName(room)) return <BadRoom room={room} directory={directory} />;
  const join = (name: string, role: Role): void => {
    current.current?.close();
    media.forgetProblems();
    const next = stay({ room, name, role, media });
    current.current = next;
    setSession(next);
  };
  const back = (): void => {
    current.current?.close();
    current.current = undefined;
    setSession(undefined);
  };
  if (!session) return <DeviceCheck room={room} directory={directory} media={media} onJoin={join} />;
  return <Stay session={session} room={room} directory={directory} media={media} onBack={back} />;
}

function stay(options: { readonly room: string; readonly name: string; readonly role: Role; readonly media: LocalMedia }): Session {
  const session = new Session({ ...options, url: roomSocketURL(window.location, options.room), phone: isPhone() });
  session.start();
  return session;
}

interface StayProps extends RoomPageProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly onBack: () => void;
}

function Stay({ session, room, directory, media, onBack }: StayProps) {
  const state = useReadable(session);
  const { phase } = state;
  const over = phase.kind === 'left' || phase.kind === 'ended' || phase.kind === 'refused';
  useEffect(() => {
    if (over) media.release();
  }, [over, media]);
  const giveUp = (): void => {
    session.leave();
    onBack();
  };
  const door = { room, directory, session, link: state.link, onGiveUp: giveUp };
  switch (phase.kind) {
    case 'connecting':
      return <ConnectingDoor {...door} />;
    case 'queue':
      return <QueueDoor {...door} place={phase.place} />;
    case 'waiting':
      return <WaitingDoor {...door} phase={phase} />;
    case 'locked':
      return <LockedDoor {...door} phase={phase} />;
    case 'lobby':
      return <LobbyDoor {...door} phase={phase} />;
    case 'code':
      return <CodeDoor {...door} phase={phase} />;
    case 'inside':
      return (
        <Lazily waiting={<ConnectingDoor {...door} />} failed={<PageMissing directory={directory} />}>
          <Room session={session} media={media} />
        </Lazily>
      );
    case 'refused':
    case 'ended':
    case 'left':
      return <Outcome phase={phase} attendance={state.attendance} room={room} directory={directory} onAgain={onBack} />;
    default:
      return assertNever(phase);
  }
}
