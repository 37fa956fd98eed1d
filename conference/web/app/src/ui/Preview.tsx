import { useEffect, useRef } from 'react';
import type { LocalMedia } from '../rtc/localMedia';
import styles from './DeviceCheck.module.css';
import { Icon } from './Icon';
import { LevelMeter } from './LevelMeter';
import { useReadable } from './useReadable';
import { useTexts } from './useTexts';

/** One's own camera as in a mirror, with the switches for camera and microphone. */
export function Preview({ media }: { readonly media: LocalMedia }) {
  const t = useTexts();
  const local = useReadable(media);
  const video = useRef<HTMLVideoElement>(null);
  const track = local.camera ? media.camera : null;
  useEffect(() => {
    const element = video.current;
    if (!element || !track) return undefined;
    element.srcObject = new MediaStream([track]);
    element.play().catch(() => undefined);
    return () => { element.srcObject = null; };
  }, [track]);
  return (
    <>
      <div className={styles.preview}>
        {track ? (
          <video ref={video} muted playsInline aria-label={t.check.preview} />
        ) : (
          <p className={styles.off}><Icon name="cameraOff" size={40} />{t.check.cameraOff}</p>
        )}
        <div className={styles.switches}>
          <button
            type="button" className={styles.switch} data-on={local.mic} disabled={local.busy.microphone}
            aria-label={local.mic ? t.toolbar.micOff : t.toolbar.micOn} title={local.mic ? t.toolbar.micOff : t.toolbar.micOn}
            onClick={() => { void media.setMic(!local.mic); }}
          >
            <Icon name={local.mic ? 'mic' : 'micOff'} /><span aria-hidden="true">{t.toolbar.mic}</span>
          </button>
          <button
            type="button" className={styles.switch} data-on={local.camera} disabled={local.busy.camera}
            aria-label={local.camera ? t.toolbar.cameraOff : t.toolbar.cameraOn} title={local.camera ? t.toolbar.cameraOff : t.toolbar.cameraOn}
            onClick={() => { void media.setCamera(!local.camera); }}
          >
            <Icon name={local.camera ? 'camera' : 'cameraOff'} /><span aria-hidden="true">{t.toolbar.camera}</span>
          </button>
        </div>
      </div>
      {local.mic && media.microphone && <LevelMeter track={media.microphone} />}
    </>
  );
}
