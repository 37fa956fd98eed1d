import { useEffect, useRef } from 'react';
import type { RoomInfo } from '../signaling/messages';
import { titleOf } from '../state/room';
import controls from './controls.module.css';
import { Icon } from './Icon';
import styles from './Projection.module.css';
import { QrCode } from './QrCode';
import { spacedCode } from './spacedCode';
import { useTexts } from './useTexts';

interface ProjectionProps {
  readonly info: RoomInfo;
  readonly link: string;
  readonly onClose: () => void;
}

/** The invitation for the projector or the printer: link, QR code and room code, readable from the last row. */
export function Projection({ info, link, onClose }: ProjectionProps) {
  const t = useTexts();
  const words = t.moderation.invite;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => { dialog.current?.showModal(); }, []);
  const code = info.code ?? '';
  return (
    <dialog ref={dialog} className={styles.projection} aria-labelledby="grosszeigen" onClose={onClose}>
      <div className={styles.tools}>
        <button type="button" className={controls.secondary} onClick={() => { window.print(); }}>{words.print}</button>
        <button type="button" className={controls.secondary} onClick={() => { dialog.current?.close(); }}><Icon name="close" size={20} />{t.close}</button>
      </div>
      <div className={styles.sheet}>
        <div>
          <h2 id="grosszeigen" className={styles.title}>{titleOf(info)}</h2>
          <p className={styles.step}><strong>{words.projectTitle}</strong></p>
          <p className={styles.step}>{words.projectStep}</p>
          <p className={styles.link}>{link.replace(/^https?:\/\//, '')}</p>
          {code !== '' && <p className={styles.code}><span>{t.invite.code}</span>{spacedCode(code)}</p>}
        </div>
        <div className={styles.qr}><QrCode text={link} label={words.qr(titleOf(info))} /></div>
      </div>
    </dialog>
  );
}
