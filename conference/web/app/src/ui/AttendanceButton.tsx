import type { Stay } from '../state/attendance';
import { attendanceCSV } from '../state/attendance';
import styles from './Attendance.module.css';
import controls from './controls.module.css';
import { dayAndTime } from './clockTime';
import { useTexts } from './useTexts';

/** Saves the list as a file; nothing of it goes to a server. */
export function AttendanceButton({ stays, title }: { readonly stays: readonly Stay[]; readonly title: string }) {
  const words = useTexts().moderation.people;
  const save = (): void => {
    const text = attendanceCSV(stays, { name: words.name, came: words.came, left: words.left, time: dayAndTime });
    const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = `${words.csvFile} ${title} ${new Date().toISOString().slice(0, 10)}.csv`;
    link.click();
    // The browser has read it by then; revoking at once loses the file in Safari.
    setTimeout(() => { URL.revokeObjectURL(address); }, 60_000);
  };
  return (
    <div className={styles.save}>
      <button type="button" className={controls.secondary} onClick={save}>{words.attendanceSave}</button>
      <p className={controls.hint}>{words.csvHint}</p>
    </div>
  );
}
