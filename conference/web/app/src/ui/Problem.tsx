import type { ReactNode } from 'react';
import styles from './controls.module.css';
import { Icon } from './Icon';

/** Something went wrong, in words; read out at once. */
export function Problem({ id, children }: { readonly id?: string; readonly children: ReactNode }) {
  return (
    <div role="alert" id={id} className={styles.error}>
      <Icon name="warning" size={20} />
      <div>{children}</div>
    </div>
  );
}
