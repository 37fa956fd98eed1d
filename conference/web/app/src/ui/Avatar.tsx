import { colourIndex, initials } from '../state/order';
import styles from './Avatar.module.css';
import { classes } from './classes';

const colours = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'] as const;

interface AvatarProps {
  readonly id: string;
  readonly name: string;
  /** CSS pixels. */
  readonly size: number;
}

/** Initials on a colour, for somebody without a picture. The name always stands beside it, so it is hidden from screen readers. */
export function Avatar({ id, name, size }: AvatarProps) {
  const colour = colours[colourIndex(id, colours.length)] ?? 'c0';
  return (
    <span className={classes(styles.avatar, styles[colour])} style={{ width: size, height: size, fontSize: Math.round(size * 0.4) }} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
