import { useEffect, useId, useRef, useState } from 'react';
import { drawHandover, handoverLink } from '../signaling/handover';
import controls from './controls.module.css';
import { CopyButton } from './CopyButton';
import styles from './Handover.module.css';
import { Icon } from './Icon';
import { Problem } from './Problem';
import { QrCode } from './QrCode';
import { useCountdown } from './useCountdown';
import { useTexts } from './useTexts';

interface Offer {
  readonly link: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

interface HandoverDialogProps {
  /** The room in which the lesson goes on. */
  readonly room: string;
  readonly onClose: () => void;
}

/** "Go on with another device": a link and a QR code that log another device in, once and for two minutes. */
export function HandoverDialog({ room, onClose }: HandoverDialogProps) {
  const t = useTexts();
  const texts = t.pages.handover;
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [drawing, setDrawing] = useState(0);
  const [offer, setOffer] = useState<Offer | 'failed'>();
  useEffect(() => { dialog.current?.showModal(); }, []);
  useEffect(() => {
    let wanted = true;
    void drawHandover().then((drawn) => {
      if (!wanted) return;
      setOffer(drawn ? { link: handoverLink(window.location.origin, room, drawn.token), until: Date.now() + drawn.seconds * 1000 } : 'failed');
    });
    return () => { wanted = false; };
  }, [room, drawing]);
  const again = (): void => {
    setOffer(undefined);
    setDrawing((count) => count + 1);
  };
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{texts.dialogTitle}</h2>
      <div className={styles.body}>
        <p>{texts.dialogText}</p>
        {offer === undefined && <p role="status">{texts.drawing}</p>}
        {offer === 'failed' && <Problem>{texts.failed}</Problem>}
        {typeof offer === 'object' && <Shown key={offer.until} offer={offer} onAgain={again} />}
        <div className={styles.answers}>
          {offer === 'failed' && <button type="button" className={controls.primary} onClick={again}>{t.tryAgain}</button>}
          <button type="button" className={controls.secondary} onClick={() => { dialog.current?.close(); }}>{t.close}</button>
        </div>
      </div>
    </dialog>
  );
}

function Shown({ offer, onAgain }: { readonly offer: Offer; readonly onAgain: () => void }) {
  const t = useTexts();
  const texts = t.pages.handover;
  const left = useCountdown(offer.until);
  if (left === 0) {
    return (
      <>
        <p role="status">{texts.over}</p>
        <button type="button" className={controls.primary} onClick={onAgain}>{texts.again}</button>
      </>
    );
  }
  return (
    <>
      <p className={controls.warn}><Icon name="warning" size={20} />{texts.dialogWarning}</p>
      <div className={styles.code}><QrCode text={offer.link} label={texts.qrLabel} /></div>
      <p className={styles.left} role="timer">{texts.valid(minutes(left))}</p>
      <p className={styles.link}>{offer.link}</p>
      <CopyButton text={offer.link} label={texts.copy} />
    </>
  );
}

const minutes = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
