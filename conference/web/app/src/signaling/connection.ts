import { backoffDelay, reconnectBackoff } from './backoff';
import type { ClientMessage, EndReason, Role, ServerMessage } from './messages';
import type { OpenSocket } from './socket';
import { SignalingSocket } from './socket';

export interface Ticket {
  readonly name: string;
  readonly role: Role;
  readonly resume?: string;
}

export interface ConnectionEvents {
  readonly message: (message: ServerMessage) => void;
  /** The connection is gone; the next attempt comes in `retryIn` milliseconds. */
  readonly lost: (retryIn: number) => void;
  /** An attempt has begun. */
  readonly connecting: () => void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly ticket: Ticket;
  readonly openSocket: OpenSocket;
  readonly events: ConnectionEvents;
  readonly random?: () => number;
}

/**
 * The way into a room that survives lost sockets: joins, keeps the resume token, and tries again with growing pauses until it is
 * inside again, refused, ended for good, or closed.
 */
export class Connection {
  private socket: SignalingSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private over = false;
  private resume: string | undefined;

  constructor(private readonly options: ConnectionOptions) {
    this.resume = options.ticket.resume;
  }

  start(): void {
    if (this.over) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.socket?.close();
    this.options.events.connecting();
    this.socket = new SignalingSocket(this.options.url, this.options.openSocket, {
      opened: () => { this.join(); },
      message: (message) => { this.receive(message); },
      closed: () => { this.retry(); },
    });
  }

  send(message: ClientMessage): void {
    this.socket?.send(message);
  }

  /** Ends the pause before the next attempt; does nothing while a socket is in use. */
  retryNow(): void {
    if (this.timer !== undefined) this.start();
  }

  /** Gives up the present socket and connects anew. */
  reconnect(): void {
    this.socket?.lose();
  }

  close(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.socket?.close();
  }

  private join(): void {
    const { name, role } = this.options.ticket;
    this.send({ type: 'join', name, role, ...(this.resume === undefined ? {} : { resume: this.resume }) });
  }

  private receive(message: ServerMessage): void {
    if (message.type === 'door' || message.type === 'joined') this.attempt = 0;
    if (message.type === 'joined') this.resume = message.resume;
    if (message.type === 'ended' && comesBack(message.reason)) {
      this.reconnect();
      return;
    }
    if (message.type === 'refused' || message.type === 'ended') this.close();
    this.options.events.message(message);
  }

  private retry(): void {
    if (this.over) return;
    const delay = backoffDelay(this.attempt, reconnectBackoff, this.options.random ?? Math.random);
    this.attempt += 1;
    this.timer = setTimeout(() => { this.start(); }, delay);
    this.options.events.lost(delay);
  }
}

/** After a restart, or after having read too slowly, joining again by oneself is right; the others are final. */
function comesBack(reason: EndReason): boolean {
  return reason === 'restart' || reason === 'slow';
}
