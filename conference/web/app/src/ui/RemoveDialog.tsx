import { useState } from 'react';
import type { RoomState } from '../state/room';
import type { Session } from '../state/session';
import { ConfirmDialog } from './ConfirmDialog';
import controls from './controls.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

interface RemoveDialogProps {
  readonly participant: string;
  readonly name: string;
  readonly session: Session;
  readonly onClose: () => void;
}

/** Asks before somebody is removed: among thirty names the wrong one is soon hit. Says what a removal does not do, and offers what does. */
export function RemoveDialog({ participant, name, session, onClose }: RemoveDialogProps) {
  const t = useTexts();
  const state = useReadable(session);
  const [newCode, setNewCode] = useState(false);
  const [lock, setLock] = useState(false);
  const { locked } = state.settings;
  // The door is shut first, so that nobody slips through in between.
  const remove = (): void => {
    if (lock && !locked) session.order({ type: 'settings', locked: true });
    if (newCode) session.order({ type: 'newCode' });
    session.order({ type: 'remove', participant });
  };
  return (
    <ConfirmDialog question={t.people.removeQuestion(name)} hint={`${t.people.removeHint} ${wayBack(t.people, state)}`} confirm={t.people.removeConfirm} onConfirm={remove} onClose={onClose}>
      {!state.emergency && <Tick label={t.people.removeNewCode} hint={t.people.removeNewCodeHint} on={newCode} onChange={setNewCode} />}
      {!locked && <Tick label={t.people.removeLock} hint={t.people.removeLockHint} on={lock} onChange={setLock} />}
    </ConfirmDialog>
  );
}

/** How somebody who was removed can come in all the same. */
function wayBack(words: ReturnType<typeof useTexts>['people'], { settings, room }: RoomState): string {
  if (settings.locked) return words.removeLocked;
  return (room?.code ?? '') === '' ? words.removeWithLink : words.removeWithCode;
}

function Tick({ label, hint, on, onChange }: { readonly label: string; readonly hint: string; readonly on: boolean; readonly onChange: (on: boolean) => void }) {
  return (
    <label className={controls.check}>
      <input type="checkbox" checked={on} onChange={(event) => { onChange(event.target.checked); }} />
      <span><strong>{label}</strong><span className={controls.hint}>{hint}</span></span>
    </label>
  );
}
