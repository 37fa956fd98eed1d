import { decodeServerMessage } from './decode';
import type { ClientMessage, ServerMessage } from './messages';
import { subprotocol } from './messages';

/** The part of WebSocket that is used here; tests bring their own. */
export interface SocketLike {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export type OpenSocket = (url: string, protocol: string) => SocketLike;

export interface SocketEvents {
  readonly opened: () => void;
  readonly message: (message: ServerMessage) => void;
  /** Called once, whoever closed; never after close(). */
  readonly closed: () => void;
}

/** Milliseconds until a socket that does not open is given up. */
export const openTimeout = 10_000;

const open = 1;

/** One WebSocket to a room: typed messages in and out, a deadline for opening, and exactly one `closed`. */
export class SignalingSocket {
  private readonly socket: SocketLike;
  private readonly deadline: ReturnType<typeof setTimeout>;
  private over = false;

  constructor(url: string, openSocket: OpenSocket, private readonly events: SocketEvents) {
    this.socket = openSocket(url, subprotocol);
    this.deadline = setTimeout(() => { this.lose(); }, openTimeout);
    this.socket.onopen = () => {
      clearTimeout(this.deadline);
      if (!this.over) events.opened();
    };
    this.socket.onmessage = (event) => { this.read(event.data); };
    this.socket.onclose = () => { this.lose(); };
  }

  /** Sends if the socket is open; otherwise the message is dropped, because the next join starts from the beginning anyway. */
  send(message: ClientMessage): void {
    if (!this.over && this.socket.readyState === open) this.socket.send(JSON.stringify(message));
  }

  /** Closes without calling `closed`. */
  close(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.deadline);
    this.socket.close(1000);
  }

  /** Gives the socket up as lost, for instance when the server stopped answering. */
  lose(): void {
    if (this.over) return;
    this.close();
    this.events.closed();
  }

  private read(data: unknown): void {
    if (this.over) return;
    const decoded = typeof data === 'string' ? decodeServerMessage(data) : { kind: 'malformed' as const };
    if (decoded.kind === 'message') this.events.message(decoded.message);
    else if (decoded.kind === 'malformed') this.lose();
  }
}
