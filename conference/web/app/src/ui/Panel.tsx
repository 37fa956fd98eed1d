import type { ReactNode } from 'react';
import { Icon } from './Icon';
import styles from './Room.module.css';
import { useFocusOnMount } from './useFocusOnMount';
import { useTexts } from './useTexts';

interface PanelProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A panel beside the pictures; on a phone it covers them. Escape closes it. */
export function Panel({ title, onClose, children }: PanelProps) {
  const t = useTexts();
  const heading = useFocusOnMount<HTMLHeadingElement>();
  return (
    <aside className={styles.panel} aria-label={title} onKeyDown={(event) => { if (event.key === 'Escape') onClose(); }}>
      <div className={styles.panelHead}>
        <h2 ref={heading} tabIndex={-1}>{title}</h2>
        <button type="button" className={styles.iconButton} onClick={onClose} aria-label={t.close} title={t.close}><Icon name="close" /></button>
      </div>
      {children}
    </aside>
  );
}
