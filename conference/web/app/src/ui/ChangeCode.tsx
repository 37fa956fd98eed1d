import type { SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import { limits } from '../signaling/messages';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import styles from './InvitePanel.module.css';
import { Problem } from './Problem';
import { useTexts } from './useTexts';

/** A new code, drawn by the server or chosen. */
export function ChangeCode({ session, required }: { readonly session: Session; readonly required: boolean }) {
  const t = useTexts();
  const words = t.moderation.invite;
  const id = useId();
  return (
    <details className={styles.change}>
      <summary>{t.invite.change}</summary>
      <div className={styles.draw}>
        <button type="button" className={controls.secondary} aria-describedby={id} onClick={() => { session.order({ type: 'newCode' }); }}>{words.draw}</button>
        <p id={id} className={controls.hint}>{words.drawHint}</p>
      </div>
      <OwnCode session={session} required={required} />
    </details>
  );
}

function OwnCode({ session, required }: { readonly session: Session; readonly required: boolean }) {
  const t = useTexts();
  const id = useId();
  const [code, setCode] = useState('');
  const [invalid, setInvalid] = useState(false);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const trimmed = code.trim();
    const length = [...trimmed].length;
    // Blanks do not count when codes are compared.
    const valid = ([...trimmed.replace(/\s/g, '')].length >= limits.codeMin && length <= limits.codeMax) || (length === 0 && !required);
    setInvalid(!valid);
    if (valid && session.order({ type: 'setCode', code: trimmed })) setCode('');
  };
  return (
    <form className={controls.form} onSubmit={submit} noValidate>
      <div className={controls.field}>
        <label className={controls.label} htmlFor={id}>{t.invite.newCode}</label>
        <input
          id={id} className={controls.input} value={code} onChange={(event) => { setCode(event.target.value); setInvalid(false); }}
          autoComplete="off" maxLength={limits.codeMax} aria-invalid={invalid} aria-describedby={`${id}-hint`}
        />
        <p id={`${id}-hint`} className={controls.hint}>{t.invite.newCodeHint}</p>
      </div>
      {invalid && <Problem>{t.invite.invalid}</Problem>}
      <button type="submit" className={controls.secondary}>{t.invite.save}</button>
    </form>
  );
}
