import { useEffect, useRef, useState } from 'react';
import type { Session } from '../state/session';
import { classes } from './classes';
import styles from './Tile.module.css';
import { watchFrames } from './watchFrames';

/** One's own camera, mirrored. */
export function SelfVideo({ track }: { readonly track: MediaStreamTrack }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return undefined;
    element.srcObject = new MediaStream([track]);
    element.play().catch(() => undefined);
    return () => { element.srcObject = null; };
  }, [track]);
  return <video ref={video} className={classes(styles.video, styles.mirrored)} data-fit="cover" muted playsInline aria-hidden="true" />;
}

interface RemoteVideoProps {
  readonly mid: string;
  readonly session: Session;
  readonly fit: 'cover' | 'contain';
}

/**
 * The picture of a video slot. It stays hidden until a frame has come that belongs to this tile: a slot that has just changed hands
 * still holds the last picture of somebody else.
 */
export function RemoteVideo({ mid, session, fit }: RemoteVideoProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [showing, setShowing] = useState(false);
  useEffect(() => {
    const element = video.current;
    const stream = session.stream(mid);
    if (!element || !stream) return undefined;
    element.srcObject = stream;
    element.play().catch(() => undefined);
    const stop = watchFrames(element, () => {
      setShowing(true);
      session.firstPicture();
    });
    return () => {
      stop();
      element.srcObject = null;
    };
  }, [mid, session]);
  return <video ref={video} className={styles.video} data-fit={fit} data-showing={showing} muted playsInline aria-hidden="true" />;
}
