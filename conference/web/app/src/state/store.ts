/** A value that React reads with useSyncExternalStore: immutable snapshots, one writer. */
export interface Readable<T> {
  readonly getState: () => T;
  readonly subscribe: (listener: () => void) => () => void;
}

export class Store<T, A> implements Readable<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private state: T, private readonly reduce: (state: T, action: A) => T) {}

  readonly getState = (): T => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  dispatch(action: A): void {
    const next = this.reduce(this.state, action);
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}
