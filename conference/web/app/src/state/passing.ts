/** Things that are on the page for a while: tells when each of them is over. */
export class Passing {
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();

  /** `lasting` in milliseconds. */
  constructor(private readonly lasting: number, private readonly over: (key: number) => void) {}

  begin(key: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.over(key);
    }, this.lasting);
    this.timers.add(timer);
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
