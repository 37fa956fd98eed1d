import type { Ice } from '../signaling/messages';

/** Milliseconds; older credentials are renewed before they are used, since new relays are refused after ten minutes. */
const lasting = 8 * 60_000;
/** Milliseconds that a new PeerConnection waits for them; without, it tries the direct way alone. */
const patience = 3000;

/** The credentials of the county's relay, renewed when they are old. Without any there is no relay. */
export class Relay {
  private known: { readonly ice: Ice; readonly since: number } | undefined;
  private waiting: { readonly timer: ReturnType<typeof setTimeout>; readonly go: () => void } | undefined;

  /** `ask` asks the server for fresh ones and answers whether that is on its way. */
  constructor(private readonly ask: () => boolean) {}

  take(ice: Ice): void {
    this.known = { ice, since: Date.now() };
    this.proceed();
  }

  /** Calls `go` when the credentials are fit for use or waiting for them is not worth it: mostly at once. While one waits, others are ignored. */
  whenReady(go: () => void): void {
    if (this.waiting) return;
    const stale = this.known !== undefined && Date.now() - this.known.since > lasting;
    if (stale && this.ask()) this.waiting = { go, timer: setTimeout(() => { this.proceed(); }, patience) };
    else go();
  }

  /** Nobody waits for them any more. */
  stopWaiting(): void {
    clearTimeout(this.waiting?.timer);
    this.waiting = undefined;
  }

  get servers(): readonly RTCIceServer[] {
    if (!this.known || this.known.ice.urls.length === 0) return [];
    const { urls, username, credential } = this.known.ice;
    return [{ urls: [...urls], username, credential }];
  }

  private proceed(): void {
    const go = this.waiting?.go;
    this.stopWaiting();
    go?.();
  }
}
