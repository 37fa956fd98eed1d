/** What a promise gives within a time, or undefined when it takes longer, rejects, or the signal comes first. */
export function within<T>(milliseconds: number, signal: AbortSignal, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const finish = (value: T | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(value);
    };
    const stop = (): void => { finish(undefined); };
    const timer = setTimeout(stop, milliseconds);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    promise.then(finish, stop);
  });
}

/** Waits, unless the signal comes first. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await within(milliseconds, signal, new Promise(() => undefined));
}
