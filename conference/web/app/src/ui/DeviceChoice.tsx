import { useId, useState } from 'react';
import type { DeviceKind } from '../rtc/devices';
import type { LocalMedia } from '../rtc/localMedia';
import { canChooseSpeaker } from '../rtc/speakers';
import { playTestTone } from '../rtc/testTone';
import controls from './controls.module.css';
import styles from './DeviceCheck.module.css';
import { Icon } from './Icon';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** Which camera or microphone; shown as soon as the browser tells which there are. */
export function DeviceChoice({ kind, media }: { readonly kind: DeviceKind; readonly media: LocalMedia }) {
  const t = useTexts();
  const id = useId();
  const { devices, chosen } = useReadable(media);
  const list = kind === 'camera' ? devices.cameras : devices.microphones;
  if (list.length === 0) return null;
  return (
    <div className={controls.field}>
      <label className={controls.label} htmlFor={id}>{kind === 'camera' ? t.check.camera : t.check.microphone}</label>
      <select id={id} className={controls.input} value={chosen[kind] ?? ''} onChange={(event) => { void media.choose(kind, event.target.value); }}>
        {chosen[kind] === undefined && <option value="">{t.check.speakerDefault}</option>}
        {list.map((device) => <option key={device.id} value={device.id}>{device.label}</option>)}
      </select>
    </div>
  );
}

export function SpeakerChoice({ media }: { readonly media: LocalMedia }) {
  const t = useTexts();
  const id = useId();
  const { devices, chosen } = useReadable(media);
  const [playing, setPlaying] = useState(false);
  const list = canChooseSpeaker() ? devices.speakers : [];
  const play = (): void => {
    if (playing) return;
    setPlaying(true);
    void playTestTone(chosen.speaker).finally(() => { setPlaying(false); });
  };
  return (
    <div className={controls.field}>
      {list.length > 0 && <label className={controls.label} htmlFor={id}>{t.check.speaker}</label>}
      {list.length === 0 && <span className={controls.label}>{t.check.speaker}</span>}
      <div className={styles.speaker}>
        {list.length > 0 && (
          <select id={id} className={controls.input} value={chosen.speaker} onChange={(event) => { media.chooseSpeaker(event.target.value); }}>
            <option value="">{t.check.speakerDefault}</option>
            {list.filter((device) => device.id !== 'default').map((device) => <option key={device.id} value={device.id}>{device.label}</option>)}
          </select>
        )}
        <button type="button" className={controls.secondary} onClick={play} aria-disabled={playing}><Icon name="speaker" size={20} />{t.check.testTone}</button>
      </div>
    </div>
  );
}
