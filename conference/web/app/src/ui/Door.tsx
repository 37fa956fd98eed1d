import type { ReactNode, SyntheticEvent } from 'react';
import { useId, useState } from 'react';
import { limits } from '../signaling/messages';
import type { Directory } from '../state/directory';
import type { Link, Phase } from '../state/room';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import styles from './Door.module.css';
import { Icon } from './Icon';
import { Card, Page } from './Page';
import { Problem } from './Problem';
import { useCountdown } from './useCountdown';
import { useFocusOnMount } from './useFocusOnMount';
import { useTexts } from './useTexts';
import { useTitle } from './useTitle';

interface DoorProps {
  readonly room: string;
  readonly directory: Directory;
  readonly session: Session;
  readonly link: Link;
  readonly onGiveUp: () => void;
}

interface FrameProps extends DoorProps {
  readonly title: string;
  readonly children: ReactNode;
}

function Frame({ room, directory, session, link, onGiveUp, title, children }: FrameProps) {
  const t = useTexts();
  const heading = useFocusOnMount<HTMLHeadingElement>();
  useTitle(`${title} · ${room}`);
  return (
    <Page directory={directory} narrow>
      <Card labelledBy="titel">
        <p className={styles.room}>{t.check.title(room)}</p>
        <h1 id="titel" ref={heading} tabIndex={-1}>{title}</h1>
        <LinkProblem session={session} link={link} />
        {children}
        <div className={styles.giveUp}>
          <button type="button" className={controls.quiet} onClick={onGiveUp}>{t.door.leave}</button>
        </div>
      </Card>
    </Page>
  );
}

function LinkProblem({ session, link }: Pick<DoorProps, 'session' | 'link'>) {
  const t = useTexts();
  if (link !== 'lost' && link !== 'gaveUp') return null;
  return (
    <div className={styles.problem}>
      {link === 'lost' && <p role="status" className={controls.warn}><Icon name="warning" size={20} />{t.room.lost}</p>}
      {link === 'gaveUp' && (
        <Problem>
          {t.room.gaveUp}
          <div className={styles.retry}>
            <button type="button" className={controls.secondary} onClick={() => { session.retryNow(); }}>{t.room.retryNow}</button>
          </div>
        </Problem>
      )}
    </div>
  );
}

function Patience() {
  return <div className={styles.patience} aria-hidden="true"><span /><span /><span /></div>;
}

export function ConnectingDoor(props: DoorProps) {
  const t = useTexts();
  const gaveUp = props.link === 'gaveUp';
  return <Frame {...props} title={gaveUp ? t.door.unconnected : t.door.connecting}>{!gaveUp && <Patience />}</Frame>;
}

interface QueueDoorProps extends DoorProps {
  readonly place: number;
}

/** Before the door: the lesson waits for a bridge with room for it. Each new place is read out whole. */
export function QueueDoor(props: QueueDoorProps) {
  const t = useTexts();
  return (
    <Frame {...props} title={t.door.queueTitle}>
      <Patience />
      <div role="status" aria-atomic="true" className={styles.queue}>
        <p>{t.door.queueFull}</p>
        <p className={styles.place}>{props.place === 1 ? t.door.queueNext : t.door.queuePlace(props.place)}</p>
      </div>
      <p className={controls.hint}>{t.door.queueHint}</p>
    </Frame>
  );
}

type AtDoor = Extract<Phase, { kind: 'waiting' | 'locked' | 'lobby' }>;

interface AtDoorProps extends DoorProps {
  readonly phase: AtDoor;
}

/** The lesson is another teacher's: a login counts for nothing in it. */
function Taken({ taken }: { readonly taken: boolean }) {
  const t = useTexts();
  return taken ? <p className={`${controls.warn ?? ''} ${styles.taken ?? ''}`}><Icon name="warning" size={20} />{t.moderation.door.taken}</p> : null;
}

export function LockedDoor(props: AtDoorProps) {
  const t = useTexts();
  return (
    <Frame {...props} title={t.door.lockedTitle}>
      <p className={styles.lock}><Icon name="lock" size={40} /></p>
      <p role="status" className={styles.lead}>{t.door.locked}</p>
      <Taken taken={props.phase.taken} />
      <p className={controls.hint}>{t.door.waitingHint}</p>
    </Frame>
  );
}

/** Before the first organiser comes, and after the last one has gone. */
export function WaitingDoor(props: AtDoorProps) {
  const t = useTexts();
  const { sentBack, taken } = props.phase;
  return (
    <Frame {...props} title={t.door.waitingTitle}>
      <Patience />
      <p role="status" className={styles.lead}>{sentBack ? t.moderation.door.interrupted : t.door.waiting}</p>
      <Taken taken={taken} />
      <p className={controls.hint}>{sentBack ? t.moderation.door.interruptedHint : t.door.waitingHint}</p>
    </Frame>
  );
}

export function LobbyDoor(props: AtDoorProps) {
  const t = useTexts();
  const { sentBack, taken } = props.phase;
  return (
    <Frame {...props} title={t.moderation.door.lobbyTitle}>
      <Patience />
      <p role="status" className={styles.lead}>{sentBack ? t.moderation.door.sentToLobby : t.moderation.door.lobby}</p>
      <Taken taken={taken} />
      <p className={controls.hint}>{t.door.waitingHint}</p>
    </Frame>
  );
}

interface CodeDoorProps extends DoorProps {
  readonly phase: Extract<Phase, { kind: 'code' }>;
}

export function CodeDoor(props: CodeDoorProps) {
  const t = useTexts();
  return (
    <Frame {...props} title={t.door.codeTitle}>
      <p className={styles.lead}>{t.door.codeHint}</p>
      <Taken taken={props.phase.taken} />
      <CodeForm phase={props.phase} session={props.session} />
    </Frame>
  );
}

function CodeForm({ phase, session }: Pick<CodeDoorProps, 'phase' | 'session'>) {
  const t = useTexts();
  const id = useId();
  const [code, setCode] = useState(() => session.typedCode);
  const [empty, setEmpty] = useState(false);
  const wait = useCountdown(phase.retryAt);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (phase.checking || wait > 0) return;
    const trimmed = code.trim();
    setEmpty(trimmed === '');
    if (trimmed !== '') session.sendCode(trimmed);
    document.getElementById(id)?.focus();
  };
  const wrong = phase.wrong || empty;
  const label = phase.checking ? t.door.checking : t.door.enter;
  return (
    <form className={controls.form} onSubmit={submit} noValidate>
      <div className={controls.field}>
        <label className={controls.label} htmlFor={id}>{t.door.code}</label>
        <input
          id={id} className={`${controls.input ?? ''} ${styles.code ?? ''}`} value={code} onChange={(event) => { setCode(event.target.value); setEmpty(false); }}
          autoComplete="off" autoCapitalize="off" spellCheck={false} maxLength={limits.codeMax} aria-invalid={wrong}
          aria-describedby={wrong ? `${id}-problem` : undefined}
        />
      </div>
      {wrong && <Problem id={`${id}-problem`}>{empty ? t.door.codeEmpty : t.door.wrong}</Problem>}
      <button type="submit" className={controls.primary} aria-disabled={phase.checking || wait > 0}>
        {wait > 0 ? t.door.retryIn(wait) : label}
      </button>
    </form>
  );
}
