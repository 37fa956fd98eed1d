import type { SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import type { RoomsProblem } from '../signaling/rooms';
import { titleMax } from '../signaling/rooms';
import { isRoomName, suggestRoomName } from '../signaling/roomName';
import type { MyRooms } from '../state/myRooms';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './MyRooms.module.css';
import { pathOfRoom } from './path';
import { Problem } from './Problem';
import { useTexts } from './useTexts';

interface NewRoomFormProps {
  readonly mine: MyRooms;
  readonly onSay: (words: string) => void;
}

type Wrong = { readonly kind: 'title-empty' } | RoomsProblem;

/** Asks for a title; the address follows from it until somebody types another one. */
export function NewRoomForm({ mine, onSay }: NewRoomFormProps) {
  const t = useTexts();
  const texts = t.pages.myRooms;
  const id = useId();
  const [title, setTitle] = useState('');
  const [typed, setTyped] = useState<string>();
  const [secret, setSecret] = useState(false);
  const [codeStays, setCodeStays] = useState(false);
  const [saving, setSaving] = useState(false);
  const [wrong, setWrong] = useState<Wrong>();
  const [created, setCreated] = useState('');
  const address = (typed ?? suggestRoomName(title) ?? '').trim();
  const aboutTitle = wrong?.kind === 'title-empty' || wrong?.kind === 'title-invalid';
  const aboutAddress = wrong?.kind === 'address-taken' || wrong?.kind === 'room-invalid';

  const create = async (wanted: string): Promise<void> => {
    if (saving) return;
    setCreated('');
    const trimmed = title.trim();
    const problem = trimmed === '' ? 'title-empty' : !secret && !isRoomName(wanted) ? 'room-invalid' : undefined;
    setWrong(problem && { kind: problem });
    if (problem) {
      document.getElementById(problem === 'title-empty' ? `${id}-title` : `${id}-address`)?.focus();
      return;
    }
    setSaving(true);
    const result = await mine.create({ title: trimmed, codeStays, ...(secret ? { secret } : { address: wanted }) });
    setSaving(false);
    if (result.kind !== 'ok') {
      setWrong(result);
      return;
    }
    setTitle('');
    setTyped(undefined);
    setCreated(texts.created(result.value.title));
    onSay(texts.created(result.value.title));
  };
  const take = (suggestion: string): void => {
    setTyped(suggestion);
    void create(suggestion);
  };

  return (
    <form className={styles.form} noValidate onSubmit={(event: SyntheticEvent) => { event.preventDefault(); void create(address); }}>
      <div className={controls.field}>
        <label className={controls.label} htmlFor={`${id}-title`}>{texts.name}</label>
        <input
          id={`${id}-title`} className={controls.input} value={title} maxLength={titleMax} autoComplete="off"
          onChange={(event) => { setTitle(event.target.value); setWrong(undefined); setCreated(''); }}
          aria-invalid={aboutTitle} aria-describedby={`${id}-title-hint${aboutTitle ? ` ${id}-problem` : ''}`}
        />
        <p id={`${id}-title-hint`} className={controls.hint}>{texts.nameHint}</p>
      </div>
      <fieldset className={styles.choice}>
        <legend className={controls.label}>{texts.addressKind}</legend>
        <Option name={`${id}-kind`} checked={!secret} onChoose={() => { setSecret(false); setWrong(undefined); }} label={texts.speaking} hint={texts.speakingHint} />
        <Option name={`${id}-kind`} checked={secret} onChoose={() => { setSecret(true); setWrong(undefined); }} label={texts.secret} hint={texts.secretHint} />
      </fieldset>
      {!secret && (
        <div className={controls.field}>
          <label className={controls.label} htmlFor={`${id}-address`}>{texts.address}</label>
          <input
            id={`${id}-address`} className={controls.input} value={typed ?? address} maxLength={64} autoComplete="off" autoCapitalize="off" spellCheck={false}
            onChange={(event) => { setTyped(event.target.value === '' ? undefined : event.target.value); setWrong(undefined); }}
            aria-invalid={aboutAddress} aria-describedby={aboutAddress ? `${id}-problem` : `${id}-link`}
          />
          {isRoomName(address) && <p id={`${id}-link`} className={styles.willBe}>{texts.addressOf(`${window.location.host}${pathOfRoom(address)}`)}</p>}
        </div>
      )}
      <fieldset className={styles.choice}>
        <legend className={controls.label}>{texts.codeKind}</legend>
        <Option name={`${id}-code`} checked={!codeStays} onChoose={() => { setCodeStays(false); }} label={texts.codeDaily} hint={texts.codeDailyHint} />
        <Option name={`${id}-code`} checked={codeStays} onChoose={() => { setCodeStays(true); }} label={texts.codeStays} hint={texts.codeStaysHint} />
      </fieldset>
      {wrong && (
        <Problem id={`${id}-problem`}>
          {wrong.kind === 'title-empty' ? texts.nameEmpty : texts.problems[wrong.kind]}
          {wrong.kind === 'address-taken' && wrong.suggestion !== undefined && <Suggestion address={wrong.suggestion} onTake={take} />}
        </Problem>
      )}
      {created !== '' && <p className={styles.done}><Icon name="check" size={20} />{created}</p>}
      <button type="submit" className={controls.primary} aria-disabled={saving}>{saving ? texts.saving : texts.save}</button>
    </form>
  );
}

function Suggestion({ address, onTake }: { readonly address: string; readonly onTake: (address: string) => void }) {
  const t = useTexts();
  return <p><button type="button" className={styles.accept} onClick={() => { onTake(address); }}>{t.pages.myRooms.useSuggestion(address)}</button></p>;
}

interface OptionProps {
  readonly name: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
  readonly label: string;
  readonly hint: string;
}

function Option({ name, checked, onChoose, label, hint }: OptionProps) {
  return (
    <label className={controls.check}>
      <input type="radio" name={name} checked={checked} onChange={onChoose} />
      <span><strong>{label}</strong> <span className={controls.hint}>{hint}</span></span>
    </label>
  );
}
