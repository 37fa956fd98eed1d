import type { ReactNode } from 'react';
import { useId } from 'react';
import { canShareScreen } from '../rtc/devices';
import type { LineState } from '../rtc/line';
import type { LocalMedia } from '../rtc/localMedia';
import { layoutKinds, viewChoice } from '../state/layoutChoice';
import { selfOf } from '../state/room';
import type { Session } from '../state/session';
import controls from './controls.module.css';
import { DeviceChoice, SpeakerChoice } from './DeviceChoice';
import { LevelMeter } from './LevelMeter';
import { chooseAudioOnly } from './LineAdvice';
import { Panel } from './Panel';
import room from './Room.module.css';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';
import styles from './ViewMenu.module.css';

interface ViewMenuProps {
  readonly session: Session;
  readonly media: LocalMedia;
  readonly onClose: () => void;
}

/** How somebody sees and hears the lesson: arrangement, pictures, devices, and how good the line is. For this person alone. */
export function ViewMenu({ session, media, onClose }: ViewMenuProps) {
  const t = useTexts();
  return (
    <Panel title={t.media.view.title} onClose={onClose}>
      <div className={room.panelBody}>
        <div className={styles.menu}>
          <LayoutChoice session={session} />
          <PictureChoice session={session} media={media} />
          {canShareScreen() && <SharingChoice media={media} />}
          <Devices media={media} />
          <Line session={session} />
        </div>
      </div>
    </Panel>
  );
}

function LayoutChoice({ session }: { readonly session: Session }) {
  const t = useTexts();
  const name = useId();
  const { participants } = useReadable(session);
  const { layout, pinned } = useReadable(viewChoice);
  const held = participants.find((p) => p.id === pinned);
  return (
    <fieldset className={styles.group}>
      <legend>{t.media.view.layout}</legend>
      {layoutKinds.map((kind) => (
        <label key={kind} className={styles.choice}>
          <input type="radio" name={name} checked={layout === kind} onChange={() => { viewChoice.dispatch({ layout: kind }); }} />
          {t.media.view.layouts[kind]}
        </label>
      ))}
      {held && (
        <p className={styles.pinned}>
          <span>{t.media.view.pinned(held.name)}</span>
          <button type="button" className={controls.quiet} onClick={() => { viewChoice.dispatch({ pinned: undefined }); }}>{t.media.view.unpin}</button>
        </p>
      )}
    </fieldset>
  );
}

function PictureChoice({ session, media }: { readonly session: Session; readonly media: LocalMedia }) {
  const t = useTexts();
  const state = useReadable(session);
  const { audioOnly, teacherOnly, hideSelf } = useReadable(viewChoice);
  const words = t.media.view;
  const setAudioOnly = (on: boolean): void => {
    if (on) chooseAudioOnly(media);
    else viewChoice.dispatch({ audioOnly: false });
  };
  return (
    <fieldset className={styles.group}>
      <legend>{words.pictures}</legend>
      <Check label={words.audioOnly} hint={words.audioOnlyHint} checked={audioOnly} onChange={setAudioOnly} />
      {selfOf(state)?.role !== 'organiser' && (
        <Check label={words.teacherOnly} hint={words.teacherOnlyHint} checked={teacherOnly} onChange={(on) => { viewChoice.dispatch({ teacherOnly: on }); }} />
      )}
      <Check label={words.hideSelf} hint={words.hideSelfHint} checked={hideSelf} onChange={(on) => { viewChoice.dispatch({ hideSelf: on }); }} />
    </fieldset>
  );
}

function SharingChoice({ media }: { readonly media: LocalMedia }) {
  const t = useTexts();
  const { screenMotion } = useReadable(media);
  return (
    <fieldset className={styles.group}>
      <legend>{t.media.view.sharing}</legend>
      <Check label={t.media.view.motion} hint={t.media.view.motionHint} checked={screenMotion} onChange={(on) => { media.setScreenMotion(on); }} />
    </fieldset>
  );
}

function Devices({ media }: { readonly media: LocalMedia }) {
  const t = useTexts();
  const { mic } = useReadable(media);
  return (
    <fieldset className={styles.group}>
      <legend>{t.media.view.devices}</legend>
      <DeviceChoice kind="microphone" media={media} />
      {mic && media.microphone && <LevelMeter track={media.microphone} />}
      <SpeakerChoice media={media} />
      <DeviceChoice kind="camera" media={media} />
    </fieldset>
  );
}

function Line({ session }: { readonly session: Session }) {
  const t = useTexts();
  const id = useId();
  const line = useReadable(session.line);
  const words = t.media.view;
  return (
    <section className={styles.group} aria-labelledby={id} data-testid="line-status">
      <h3 id={id}>{words.line}</h3>
      <p>{words.levels[line.level]}</p>
      <p data-path={line.path}>{line.path ? words.paths[line.path] : words.noPath}</p>
      <Figures line={line} />
    </section>
  );
}

function Figures({ line }: { readonly line: LineState }) {
  const t = useTexts();
  const { figures } = line;
  if (figures?.rtt === undefined) return null;
  const loss = new Intl.NumberFormat(t.language === 'English' ? 'en' : 'de', { maximumFractionDigits: 1 }).format(Math.max(figures.upLoss, figures.downLoss) * 100);
  return <p className={controls.hint}>{t.media.view.figures(Math.round(figures.rtt), loss)}</p>;
}

interface CheckProps {
  readonly label: ReactNode;
  readonly hint: string;
  readonly checked: boolean;
  readonly onChange: (on: boolean) => void;
}

function Check({ label, hint, checked, onChange }: CheckProps) {
  const id = useId();
  return (
    <div className={styles.check}>
      <label className={styles.choice}>
        <input type="checkbox" checked={checked} aria-describedby={id} onChange={(event) => { onChange(event.target.checked); }} />
        {label}
      </label>
      <p id={id} className={controls.hint}>{hint}</p>
    </div>
  );
}
