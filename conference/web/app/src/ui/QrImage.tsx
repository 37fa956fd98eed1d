import { encode } from 'uqr';
import { pathOfModules } from './qrPath';
import styles from './QrCode.module.css';

/** Modules of white around the code (ISO/IEC 18004 §6.3.8). */
const quiet = 4;

/** The drawing itself; its encoder is loaded with it. Level M mends 15 %, enough for a projector in a bright room. */
export default function QrImage({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { ecc: 'M', boostEcc: true, border: quiet });
  return (
    <svg className={styles.image} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#ffffff" />
      <path d={pathOfModules(data)} fill="#000000" />
    </svg>
  );
}
