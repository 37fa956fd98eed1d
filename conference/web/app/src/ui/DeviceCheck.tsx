import type { SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import type { Role } from '../signaling/messages';
import { limits } from '../signaling/messages';
import type { Directory } from '../state/directory';
import { rememberedName, rememberName } from '../state/memory';
import controls from './controls.module.css';
import styles from './DeviceCheck.module.css';
import { DeviceChoice, SpeakerChoice } from './DeviceChoice';
import { DeviceProblems } from './DeviceProblem';
import { LoginForm } from './LoginForm';
import { Card, Page } from './Page';
import { Preview } from './Preview';
import { Problem } from './Problem';
import { useFocusOnMount } from './useFocusOnMount';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

interface DeviceCheckProps {
  readonly room: string;
  readonly directory: Directory;
  readonly media: LocalMedia;
  readonly onJoin: (name: string, role: Role) => void;
}

/** Before joining: picture, sound and name. Muted and without camera unless switched on here; nothing is opened unasked. */
export function DeviceCheck({ room, directory, media, onJoin }: DeviceCheckProps) {
  const t = useTexts();
  const title = useFocusOnMount<HTMLHeadingElement>();
  useTitle(t.check.title(room));
  return (
    <Page directory={directory}>
      <div className={styles.intro}>
        <h1 ref={title} tabIndex={-1}>{t.check.title(room)}</h1>
        <p>{t.check.lead}</p>
      </div>
      <div className={styles.columns}>
        <div className={styles.devices}>
          <Preview media={media} />
          <DeviceProblems media={media} />
        </div>
        <div className={styles.join}>
          <Card>
            <JoinForm directory={directory} onJoin={onJoin} />
          </Card>
        </div>
        <div className={styles.choices}>
          <DeviceChoice kind="camera" media={media} />
          <DeviceChoice kind="microphone" media={media} />
          <SpeakerChoice media={media} />
        </div>
      </div>
    </Page>
  );
}

function JoinForm({ directory, onJoin }: { readonly directory: Directory; readonly onJoin: (name: string, role: Role) => void }) {
  const t = useTexts();
  const id = useId();
  const { login } = useReadable(directory);
  const [name, setName] = useState(rememberedName);
  const [empty, setEmpty] = useState(false);
  const [open, setOpen] = useState(true);
  const organiser = login?.organiser !== undefined;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const trimmed = name.trim();
    setEmpty(trimmed === '');
    if (trimmed === '') {
      document.getElementById(id)?.focus();
      return;
    }
    rememberName(trimmed);
    onJoin(trimmed, organiser && open ? 'organiser' : 'participant');
  };
  return (
    <>
      <form className={controls.form} onSubmit={submit} noValidate>
        <div className={controls.field}>
          <label className={controls.label} htmlFor={id}>{t.check.you}</label>
          <input
            id={id} className={controls.input} value={name} onChange={(event) => { setName(event.target.value); setEmpty(false); }}
            maxLength={limits.name} autoComplete="off" aria-invalid={empty} aria-describedby={`${id}-hint`}
          />
          <p id={`${id}-hint`} className={controls.hint}>{t.check.nameHint}</p>
        </div>
        {empty && <Problem>{t.check.nameEmpty}</Problem>}
        {organiser && (
          <label className={controls.check}>
            <input type="checkbox" checked={open} onChange={(event) => { setOpen(event.target.checked); }} />
            <span><strong>{t.check.asOrganiser}</strong> <span className={controls.hint}>{t.check.asOrganiserHint}</span></span>
          </label>
        )}
        <button type="submit" className={controls.primary}>{t.check.join}</button>
      </form>
      {login !== undefined && !organiser && (
        <details className={styles.login}>
          <summary>{t.login.needed}</summary>
          <LoginForm directory={directory} />
        </details>
      )}
    </>
  );
}
