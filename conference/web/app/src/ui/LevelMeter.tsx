import { useEffect, useId, useState } from 'react';
import { watchLevel } from '../rtc/level';
import styles from './DeviceCheck.module.css';
import controls from './controls.module.css';
import { useTexts } from './useTexts';

/** Shows that the microphone hears something. */
export function LevelMeter({ track }: { readonly track: MediaStreamTrack }) {
  const t = useTexts();
  const id = useId();
  const [level, setLevel] = useState(0);
  useEffect(() => watchLevel(track, (next) => { setLevel(Math.round(next * 50) / 50); }), [track]);
  return (
    <div className={styles.meter}>
      <div className={styles.bar} role="meter" aria-label={t.check.level} aria-describedby={id} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(level * 100)}>
        <div className={styles.fill} style={{ transform: `scaleX(${level})` }} />
      </div>
      <p id={id} className={controls.hint}>{t.check.levelHint}</p>
    </div>
  );
}
