import { lazy } from 'react';
import { Lazily } from './Lazily';
import styles from './QrCode.module.css';
import { useTexts } from './useTexts';

const QrImage = lazy(() => import('./QrImage'));

interface QrCodeProps {
  /** What the code says, usually a link; at most some 1000 characters. */
  readonly text: string;
  /** What the code is for, for those who do not see it. */
  readonly label: string;
}

/** A QR code, as wide as what it stands in, black on white in the dark as well. The text itself must stand beside it. */
export function QrCode({ text, label }: QrCodeProps) {
  const t = useTexts();
  return (
    <div className={styles.frame}>
      <Lazily waiting={null} failed={<p className={styles.failed}>{t.pages.qrFailed}</p>}>
        <QrImage text={text} label={label} />
      </Lazily>
    </div>
  );
}
