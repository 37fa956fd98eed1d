import type { ClipboardEvent, SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import { isRoomName, suggestRoomName } from '../signaling/roomName';
import controls from './controls.module.css';
import { Problem } from './Problem';
import styles from './RoomNameForm.module.css';
import { linkWithin, readTyped } from './typedRoom';
import { useTexts } from './useTexts';

interface RoomNameFormProps {
  readonly action: string;
  readonly initial?: string;
  readonly primary?: boolean;
  /** Whether somebody joins, who may have been sent a link, or opens a room. */
  readonly joining?: boolean;
  readonly onRoom: (room: string) => void;
}

/**
 * Asks for a room name, or for the link of a room. What is not permitted is never changed silently: a suggestion is shown and the person
 * decides.
 */
export function RoomNameForm({ action, initial = '', primary = true, joining = false, onRoom }: RoomNameFormProps) {
  const t = useTexts();
  const id = useId();
  const [typed, setTyped] = useState(initial);
  const [checked, setChecked] = useState(initial !== '');
  const read = readTyped(typed, window.location.host);
  const name = read.kind === 'name' ? read.name : '';
  const wrong = checked && !isRoomName(name);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setChecked(true);
    if (isRoomName(name)) onRoom(name);
    else document.getElementById(id)?.focus();
  };
  // Of a whole invitation only the link is taken.
  const paste = (event: ClipboardEvent): void => {
    const link = linkWithin(event.clipboardData.getData('text/plain'));
    if (link === undefined) return;
    event.preventDefault();
    setTyped(link);
    setChecked(false);
  };
  return (
    <form className={controls.form} onSubmit={submit} noValidate>
      <div className={controls.field}>
        <label className={controls.label} htmlFor={id}>{joining ? t.pages.join.label : t.roomName.label}</label>
        <input
          id={id}
          className={controls.input}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setChecked(false);
          }}
          onPaste={paste}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={500}
          aria-invalid={wrong}
          aria-describedby={wrong ? `${id}-problem` : undefined}
        />
      </div>
      {wrong && read.kind === 'elsewhere' && <Problem id={`${id}-problem`}>{t.pages.join.elsewhere(read.host)}</Problem>}
      {wrong && read.kind === 'name' && (
        <RoomNameProblem id={`${id}-problem`} name={name} onAccept={(room) => { setTyped(room); onRoom(room); }} />
      )}
      <button type="submit" className={primary ? controls.primary : controls.secondary}>{action}</button>
    </form>
  );
}

interface RoomNameProblemProps {
  readonly id: string;
  readonly name: string;
  readonly onAccept: (room: string) => void;
}

function RoomNameProblem({ id, name, onAccept }: RoomNameProblemProps) {
  const t = useTexts();
  if (name === '') return <Problem id={id}>{t.roomName.empty}</Problem>;
  const suggestion = suggestRoomName(name);
  const onlyLength = /^[A-Za-z0-9-]+$/.test(name);
  return (
    <Problem id={id}>
      <p>
        {t.roomName.rule} {(onlyLength || suggestion === undefined) && t.roomName.length} {suggestion !== undefined && t.roomName.didYouMean(suggestion)}
      </p>
      {suggestion !== undefined && (
        <button type="button" className={styles.accept} onClick={() => { onAccept(suggestion); }}>{t.roomName.accept(suggestion)}</button>
      )}
    </Problem>
  );
}
