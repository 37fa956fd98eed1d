import type { LineLevel } from '../signaling/messages';
import type { LineState } from './line';
import { followLine, initialLine } from './line';
import type { Report } from './lineStats';
import { readStats } from './lineStats';

/** Milliseconds between two looks at the statistics; also how often the server takes a `line` at most. */
const pause = 2000;

/** Looks after the own line and tells when the judgement changes. */
export class LineWatch {
  private state: LineState = initialLine;
  private told: LineLevel = 'good';
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private stats: (() => Promise<Report | undefined>) | undefined;

  /** `tell` is called with each new level and answers whether it is on its way; if not, it is tried again. */
  constructor(private readonly tell: (level: LineLevel) => boolean, private readonly now: () => number = () => performance.now()) {}

  readonly getState = (): LineState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Watches another PeerConnection, or none. The judgement stays until new figures speak against it. */
  follow(stats: (() => Promise<Report | undefined>) | undefined): void {
    this.stats = stats;
    this.move({ ...this.state, recent: [] });
    clearInterval(this.timer);
    this.timer = stats ? setInterval(() => { void this.look(); }, pause) : undefined;
  }

  /** The server knows nothing of before: tell it again unless all is well. */
  tellAgain(): void {
    this.told = 'good';
    this.report();
  }

  close(): void {
    this.follow(undefined);
    this.listeners.clear();
  }

  private async look(): Promise<void> {
    const { stats } = this;
    const report = await stats?.();
    if (!report || stats !== this.stats) return;
    this.move(followLine(this.state, readStats(report, this.now())));
    this.report();
  }

  private report(): void {
    const { level } = this.state;
    if (level !== this.told && this.tell(level)) this.told = level;
  }

  private move(state: LineState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
