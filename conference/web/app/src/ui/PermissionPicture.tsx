import type { BrowserFamily } from '../rtc/browserFamily';
import styles from './DeviceProblem.module.css';

/** Where to click: the browser's bar, drawn, with an arrow at the symbol. The words beside it say the same, so it is hidden from screen readers. */
export function PermissionPicture({ browser }: { readonly browser: BrowserFamily }) {
  const at = { chromium: 76, firefox: 76, safari: 44, ios: 28 }[browser];
  return (
    <svg className={styles.picture} viewBox="0 0 320 92" fill="none" aria-hidden="true" focusable="false">
      <rect x="1" y="1" width="318" height="44" rx="10" className={styles.bar} />
      {browser === 'safari' ? <MenuBar /> : <AddressBar browser={browser} />}
      <circle cx={at} cy="23" r="18" className={styles.ring} />
      <path d={`M${at} 86V48m-9 10 9-10 9 10`} className={styles.arrow} />
    </svg>
  );
}

function AddressBar({ browser }: { readonly browser: Exclude<BrowserFamily, 'safari'> }) {
  const left = browser === 'ios' ? 8 : 56;
  return (
    <>
      {browser !== 'ios' && <path d="m20 16-7 7 7 7m-7-7h14m14-7a8 8 0 1 0 2 8m0-9v5h-5" className={styles.mark} />}
      <rect x={left} y="7" width={312 - left} height="32" rx="16" className={styles.field} />
      {browser === 'chromium' && <path d="M69 18h6m6 0h2m-14 10h2m6 0h6M78 15.500v5M74 25.500v5" className={styles.mark} />}
      {browser === 'firefox' && <path d="M69 18h9v10h-9V18Zm9 4 5-3v8l-5-3M67 15l17 16" className={styles.mark} />}
      {browser === 'ios' && <path d="M20 17h16v9H20v-9Zm0 13h16" className={styles.mark} />}
      <path d={`M${left + 44} 23h120`} className={styles.address} />
    </>
  );
}

function MenuBar() {
  return (
    <>
      <text x="22" y="28" className={styles.word}>Safari</text>
      {[86, 130, 182, 230].map((x) => <path key={x} d={`M${x} 23h30`} className={styles.address} />)}
    </>
  );
}
