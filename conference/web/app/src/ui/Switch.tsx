import { useId } from 'react';
import type { IconName } from './Icon';
import { Icon } from './Icon';
import styles from './Switch.module.css';

interface SwitchProps {
  readonly label: string;
  /** One plain sentence about what it does. */
  readonly hint: string;
  readonly icon?: IconName;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
}

/** On or off, with the sentence that explains it below. It shows what is so, not what was pressed: the server decides. */
export function Switch({ label, hint, icon, on, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className={styles.row}>
      <button type="button" role="switch" aria-checked={on} aria-describedby={id} className={styles.switch} onClick={() => { onChange(!on); }}>
        {icon && <Icon name={icon} size={20} />}
        <span className={styles.name}>{label}</span>
        <span className={styles.track} aria-hidden="true" />
      </button>
      <p id={id} className={styles.hint}>{hint}</p>
    </div>
  );
}
