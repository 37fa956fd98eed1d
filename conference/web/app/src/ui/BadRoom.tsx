import type { Directory } from '../state/directory';
import { Card, Page } from './Page';
import { navigate, pathOfRoom } from './path';
import { RoomNameForm } from './RoomNameForm';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

/** An address that is no permitted room name: says so and suggests one. */
export function BadRoom({ room, directory }: { readonly room: string; readonly directory: Directory }) {
  const t = useTexts();
  const { title } = t.outcome.refused['room-invalid'];
  useTitle(title);
  return (
    <Page directory={directory} narrow>
      <Card labelledBy="titel">
        <h1 id="titel">{title}</h1>
        <br />
        <RoomNameForm action={t.landing.join} initial={room} onRoom={(name) => { navigate(pathOfRoom(name)); }} />
      </Card>
    </Page>
  );
}
