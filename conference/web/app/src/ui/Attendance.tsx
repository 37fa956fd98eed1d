import type { Stay } from '../state/attendance';
import { AttendanceButton } from './AttendanceButton';
import { clockTime } from './clockTime';
import styles from './Attendance.module.css';
import { useTexts } from './useTexts';

/** Who came and left, as far as this window knows; for organisers. */
export function Attendance({ stays, title }: { readonly stays: readonly Stay[]; readonly title: string }) {
  const words = useTexts().moderation.people;
  return (
    <details className={styles.attendance}>
      <summary>{words.attendance(stays.length)}</summary>
      <p className={styles.note}>{words.attendanceNote}</p>
      <table className={styles.table}>
        <thead><tr><th scope="col">{words.name}</th><th scope="col">{words.came}</th><th scope="col">{words.left}</th></tr></thead>
        <tbody>
          {stays.map((stay) => (
            <tr key={`${stay.id} ${stay.came}`}>
              <td>{stay.name}</td><td>{clockTime(stay.came)}</td><td>{stay.left === undefined ? words.still : clockTime(stay.left)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <AttendanceButton stays={stays} title={title} />
    </details>
  );
}
