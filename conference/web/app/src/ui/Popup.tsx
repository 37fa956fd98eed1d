import type { ReactNode } from 'react';
import { useEffect, useRef } from 'react';
import styles from './Popup.module.css';

interface PopupProps {
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A small menu above the toolbar. The focus goes into it, and back to its button; Escape and a click elsewhere close it. */
export function Popup({ label, onClose, children }: PopupProps) {
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  useEffect(() => { close.current = onClose; });
  useEffect(() => {
    const opener = document.activeElement instanceof HTMLElement ? document.activeElement : undefined;
    const element = box.current;
    element?.querySelector('button')?.focus();
    const elsewhere = (event: PointerEvent): void => {
      if (!(event.target instanceof Node) || element?.contains(event.target) || opener?.contains(event.target)) return;
      close.current();
    };
    document.addEventListener('pointerdown', elsewhere);
    return () => {
      document.removeEventListener('pointerdown', elsewhere);
      if (document.activeElement === document.body || element?.contains(document.activeElement)) opener?.focus();
    };
  }, []);
  return (
    <div ref={box} className={styles.popup} role="group" aria-label={label} onKeyDown={(event) => { if (event.key === 'Escape') onClose(); }}>
      {children}
    </div>
  );
}
