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
  /** Called once, whoever closed; never after close() or drop(). */
  readonly closed: () => void;
}

/** Milliseconds until a socket that does not open is given up. */
export const openTimeout = 10_000;
/** Milliseconds until an open socket on which nothing was ever said is given up. A portal answers as soon as it knows all its bridges. */
export const answerTimeout = 15_000;

const open = 1;
/** Close codes: the first says that the participant leaves, the second that it comes back (RFC 6455 §7.4.2, private use). */
const leaving = 1000;
const comingBack = 4000;

/** One WebSocket to a room: typed messages in and out, deadlines for opening and the first answer, and exactly one `closed`. */
export class SignalingSocket {
  private readonly socket: SocketLike;
  private deadline: ReturnType<typeof setTimeout>;
  private over = false;

  constructor(url: string, openSocket: OpenSocket, private readonly events: SocketEvents, timeout = openTimeout) {
    this.socket = openSocket(url, subprotocol);
    this.deadline = setTimeout(() => { this.lose(); }, timeout);
    this.socket.onopen = () => {
      if (this.over) return;
      clearTimeout(this.deadline);
      this.deadline = setTimeout(() => { this.lose(); }, answerTimeout);
      events.opened();
    };
    this.socket.onmessage = (event) => { this.read(event.data); };
    this.socket.onclose = () => { this.lose(); };
  }

  /** Sends if the socket is open and says so; otherwise the message is dropped, because the next join starts from the beginning anyway. */
  send(message: ClientMessage): boolean {
    if (this.over || this.socket.readyState !== open) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Closes for good, without calling `closed`. */
  close(): void {
    this.end(leaving);
  }

  /** Closes without calling `closed`, to connect anew: the server keeps the place. */
  drop(): void {
    this.end(comingBack);
  }

  /** Gives the socket up as lost, for instance when the server stopped answering. */
  lose(): void {
    if (this.over) return;
    this.drop();
    this.events.closed();
  }

  private end(code: number): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.deadline);
    this.socket.close(code);
  }

  private read(data: unknown): void {
    if (this.over) return;
    clearTimeout(this.deadline);
    const decoded = typeof data === 'string' ? decodeServerMessage(data) : { kind: 'malformed' as const };
    if (decoded.kind === 'message') this.events.message(decoded.message);
    else if (decoded.kind === 'malformed') this.lose();
  }
}
