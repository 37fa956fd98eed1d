import type { SyntheticEvent } from 'react';
import { startTransition, useId, useOptimistic, useState } from 'react';
import type { OwnRoom, RoomsProblem, RoomsResult } from '../signaling/rooms';
import { titleMax } from '../signaling/rooms';
import type { MyRooms } from '../state/myRooms';
import { ConfirmDialog } from './ConfirmDialog';
import controls from './controls.module.css';
import styles from './MyRooms.module.css';
import { Problem } from './Problem';
import { spacedCode } from './spacedCode';
import { useTexts } from './useTexts';

interface OwnRoomSettingsProps {
  readonly room: OwnRoom;
  readonly mine: MyRooms;
  readonly onSay: (words: string) => void;
}

/** Title, code and end of a room. */
export function OwnRoomSettings({ room, mine, onSay }: OwnRoomSettingsProps) {
  const t = useTexts();
  const texts = t.pages.myRooms;
  const [problem, setProblem] = useState<RoomsProblem>();
  const [asking, setAsking] = useState(false);
  // A box that waits for the server looks broken on a slow line; refused, it goes back to what is so.
  const [codeStays, showCodeStays] = useOptimistic(room.codeStays);
  /** Does something with the room and says what came of it. */
  const act = async <T,>(action: Promise<RoomsResult<T>>, words: (value: T) => string): Promise<void> => {
    setProblem(undefined);
    const result = await action;
    if (result.kind === 'ok') onSay(words(result.value));
    else setProblem(result);
  };
  const keepCode = (stays: boolean): void => {
    startTransition(async () => {
      showCodeStays(stays);
      await act(mine.change(room.id, { codeStays: stays }), (r) => (r.codeStays ? texts.staysOn : texts.staysOff));
    });
  };
  return (
    <div className={styles.settings}>
      <Rename room={room} onRename={(title) => { void act(mine.change(room.id, { title }), () => texts.renamed); }} />
      <label className={controls.check}>
        <input type="checkbox" checked={codeStays} onChange={(event) => { keepCode(event.target.checked); }} />
        <span><strong>{texts.stays}</strong> <span className={controls.hint}>{texts.staysHint}</span></span>
      </label>
      <div className={styles.newCode}>
        <button type="button" className={controls.secondary} onClick={() => { void act(mine.drawCode(room.id), (r) => texts.newCodeDone(spacedCode(r.code))); }}>
          {texts.newCode}
        </button>
        <p className={controls.hint}>{texts.newCodeHint}</p>
      </div>
      <button type="button" className={controls.secondary} onClick={() => { setAsking(true); }}>{texts.remove}</button>
      {problem && <Problem>{texts.problems[problem.kind]}</Problem>}
      {asking && (
        <ConfirmDialog
          question={texts.removeQuestion(room.title)} hint={texts.removeHint} confirm={texts.remove}
          onConfirm={() => { void act(mine.remove(room.id), () => texts.removed(room.title)); }} onClose={() => { setAsking(false); }}
        />
      )}
    </div>
  );
}

function Rename({ room, onRename }: { readonly room: OwnRoom; readonly onRename: (title: string) => void }) {
  const t = useTexts();
  const texts = t.pages.myRooms;
  const id = useId();
  const [title, setTitle] = useState(room.title);
  const [empty, setEmpty] = useState(false);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const trimmed = title.trim();
    setEmpty(trimmed === '');
    if (trimmed !== '') onRename(trimmed);
  };
  return (
    <form className={controls.form} onSubmit={submit} noValidate>
      <div className={controls.field}>
        <label className={controls.label} htmlFor={id}>{texts.name}</label>
        <input
          id={id} className={controls.input} value={title} maxLength={titleMax} autoComplete="off"
          onChange={(event) => { setTitle(event.target.value); setEmpty(false); }} aria-invalid={empty} aria-describedby={empty ? `${id}-problem` : undefined}
        />
      </div>
      {empty && <Problem id={`${id}-problem`}>{texts.nameEmpty}</Problem>}
      <button type="submit" className={controls.secondary}>{texts.rename}</button>
    </form>
  );
}
