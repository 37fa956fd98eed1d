import type { Light } from '../nettest/findings';
import { classes } from './classes';
import styles from './NetworkTest.module.css';

/** A light's shape differs with its colour; the words beside it say the same. */
const shapes: Readonly<Record<Light, string>> = { good: 'm7 12.500 3.500 3.500L17.500 8.500', fair: 'M12 6.500v7m0 3.500v.5', bad: 'm8 8 8 8M16 8l-8 8' };

interface TrafficLightProps {
  /** undefined: nothing is known. */
  readonly light: Light | undefined;
  readonly busy?: boolean;
  readonly size?: number;
}

export function TrafficLight({ light, busy = false, size = 24 }: TrafficLightProps) {
  return (
    <svg
      className={classes(styles.light, light ? styles[light] : busy ? styles.busy : styles.none)} width={size} height={size} viewBox="0 0 24 24" fill="none"
      stroke="currentColor" strokeWidth={2.4} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false"
    >
      <circle cx="12" cy="12" r="11" className={styles.disc} />
      {light && <path d={shapes[light]} className={styles.sign} />}
    </svg>
  );
}
