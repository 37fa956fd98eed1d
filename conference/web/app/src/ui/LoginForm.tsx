import type { SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import { assertNever } from '../assertNever';
import type { Texts } from '../i18n/de';
import type { LoginResult } from '../signaling/api';
import type { Directory } from '../state/directory';
import controls from './controls.module.css';
import { Problem } from './Problem';
import { useCountdown } from './useCountdown';
import { useTexts } from './useTexts';

interface Attempt {
  readonly result: LoginResult;
  /** Milliseconds since 1970 from which the next attempt may be made. */
  readonly again: number;
}

/** Login for teachers. The password is held only while it is being typed and is cleared after each attempt. */
export function LoginForm({ directory, onDone }: { readonly directory: Directory; readonly onDone?: () => void }) {
  const t = useTexts();
  const id = useId();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [checking, setChecking] = useState(false);
  const [missing, setMissing] = useState(false);
  const [attempt, setAttempt] = useState<Attempt>();
  const wait = useCountdown(attempt?.again ?? 0);

  const submit = async (): Promise<void> => {
    if (checking || wait > 0) return;
    // Telephones begin with a capital, and what is copied from a list ends with a blank; neither is ever part of an account.
    const account = { name: name.trim().toLowerCase(), password: password.trim() };
    const incomplete = account.name === '' || account.password === '';
    setMissing(incomplete);
    if (incomplete) return;
    setChecking(true);
    setAttempt(undefined);
    const result = await directory.login(account.name, account.password);
    setChecking(false);
    setPassword('');
    if (result.kind === 'ok') onDone?.();
    else setAttempt({ result, again: 'retryAfter' in result ? Date.now() + result.retryAfter * 1000 : 0 });
  };

  const problem = missing ? t.login.missing : attempt && loginProblem(t, attempt.result, wait);
  return (
    <form className={controls.form} noValidate onSubmit={(event: SyntheticEvent) => { event.preventDefault(); void submit(); }}>
      <div className={controls.field}>
        <label className={controls.label} htmlFor={`${id}-name`}>{t.login.name}</label>
        <input
          id={`${id}-name`} className={controls.input} value={name} onChange={(event) => { setName(event.target.value); }}
          autoComplete="username" autoCapitalize="off" spellCheck={false} maxLength={100}
        />
      </div>
      <div className={controls.field}>
        <label className={controls.label} htmlFor={`${id}-password`}>{t.login.password}</label>
        <input
          id={`${id}-password`} className={controls.input} type="password" value={password}
          onChange={(event) => { setPassword(event.target.value); }} autoComplete="current-password" maxLength={200}
        />
      </div>
      {problem !== undefined && <Problem>{problem}</Problem>}
      <button type="submit" className={controls.secondary} aria-disabled={checking || wait > 0}>
        {checking ? t.login.checking : t.login.submit}
      </button>
    </form>
  );
}

function loginProblem(t: Texts, result: LoginResult, wait: number): string | undefined {
  switch (result.kind) {
    case 'ok':
      return undefined;
    case 'login-wrong':
      return t.login.wrong;
    case 'account-disabled':
      return t.login.disabled;
    case 'too-many-attempts':
      return wait > 0 ? t.login.tooMany(wait) : undefined;
    case 'busy':
      return wait > 0 ? t.login.busy(wait) : undefined;
    case 'unreachable':
      return t.login.unreachable;
    default:
      return assertNever(result);
  }
}
