import { useEffect } from 'react';

/** Keeps a tablet's screen on during the lesson (Screen Wake Lock API): a screen that goes dark ends the camera. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let over = false;
    const hold = async (): Promise<void> => {
      if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
      try {
        const next = await navigator.wakeLock.request('screen');
        if (over) await next.release();
        else lock = next;
      } catch {
        // Refused, for instance on low battery: the lesson goes on without.
      }
    };
    const shown = (): void => { void hold(); };
    void hold();
    document.addEventListener('visibilitychange', shown);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', shown);
      void lock?.release();
    };
  }, []);
}
