import type { SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import { limits } from '../signaling/messages';
import type { RoomInfo } from '../signaling/messages';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './InvitePanel.module.css';
import { Panel } from './Panel';
import { pathOfRoom } from './path';
import { Problem } from './Problem';
import room from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Link and code to pass on; for organisers. */
export function InvitePanel({ session, onClose }: { readonly session: Session; readonly onClose: () => void }) {
  const t = useTexts();
  const info = useReadable(session).room;
  return (
    <Panel title={t.invite.title} onClose={onClose}>
      {info && (
        <div className={room.panelBody}>
          <p className={controls.hint}>{t.invite.hint}</p>
          <Invitation info={info} />
          <ChangeCode required={info.codeRequired} onChange={(code) => { session.order({ type: 'setCode', code }); }} />
        </div>
      )}
    </Panel>
  );
}

/** The invitation itself, and the button that copies it as one text. */
export function Invitation({ info }: { readonly info: RoomInfo }) {
  const t = useTexts();
  const [copied, setCopied] = useState<'yes' | 'failed'>();
  const link = `${window.location.origin}${pathOfRoom(info.name)}`;
  const code = info.code ?? '';
  const text = code === '' ? t.invite.textWithoutCode(info.name, link) : t.invite.text(info.name, link, code);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied('yes');
    } catch {
      setCopied('failed');
    }
  };
  return (
    <>
      <dl className={styles.facts}>
        <div><dt>{t.invite.link}</dt><dd className={styles.link}>{link}</dd></div>
        <div><dt>{t.invite.code}</dt><dd className={styles.code} data-testid="room-code" aria-live="polite">{code === '' ? t.invite.noCode : code}</dd></div>
      </dl>
      <button type="button" className={controls.primary} onClick={() => { void copy(); }}>
        {copied === 'yes' && <Icon name="check" size={20} />}{copied === 'yes' ? t.invite.copied : t.invite.copy}
      </button>
      <span role="status" className="hidden">{copied === 'yes' ? t.invite.copied : ''}</span>
      {copied === 'failed' && <Problem>{t.invite.copyFailed}</Problem>}
    </>
  );
}

function ChangeCode({ required, onChange }: { readonly required: boolean; readonly onChange: (code: string) => void }) {
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
    if (!valid) return;
    onChange(trimmed);
    setCode('');
  };
  return (
    <details className={styles.change}>
      <summary>{t.invite.change}</summary>
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
    </details>
  );
}
