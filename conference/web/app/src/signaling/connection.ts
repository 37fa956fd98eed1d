import { backoffDelay, reconnectBackoff } from './backoff';
import type { ClientMessage, EndReason, Join, ServerMessage } from './messages';
import type { OpenSocket } from './socket';
import { SignalingSocket } from './socket';

export interface ConnectionEvents {
  readonly message: (message: ServerMessage) => void;
  /** The connection is gone and comes back by itself; repeated with each attempt that fails. */
  readonly lost: () => void;
  /** Nothing has helped for `patience`; from now on retryNow() has to be called. */
  readonly gaveUp: () => void;
}

export interface ConnectionOptions {
  readonly url: string;
  /** What to join with, asked anew for each attempt. */
  readonly join: () => Join;
  readonly openSocket: OpenSocket;
  readonly events: ConnectionEvents;
  /** Whether an end that the server has announced is final although rooms come back from others of its kind. */
  readonly final?: (reason: EndReason) => boolean;
  readonly random?: () => number;
}

/** Milliseconds of vain attempts after which the person is asked. */
export const patience = 120_000;
/** Milliseconds that a connection must have lasted for the next loss to be answered at once; a guess. */
const lasting = 5000;
/** Milliseconds until an attempt to come back that gets no answer is given up: shorter than at first, since the server may have gone on. */
const reopenTimeout = 5000;
/** How often `moved` is followed at once before a portal that contradicts itself is given time. */
const mostMoves = 3;

/**
 * The way into a room that survives lost sockets: joins, and tries again until it is inside again, refused, ended for good, or closed.
 * The first attempt after a loss comes at once, the next ones with pauses.
 */
export class Connection {
  private socket: SignalingSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private moves = 0;
  /** Milliseconds since 1970: since when the server has been answering, or since when it has not. */
  private answeredSince: number | undefined;
  private lostSince: number | undefined;
  private inside = false;
  private waiting = false;
  private over = false;

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    if (this.over) return;
    clearTimeout(this.timer);
    this.waiting = false;
    this.socket?.close();
    this.socket = new SignalingSocket(
      this.options.url,
      this.options.openSocket,
      {
        opened: () => { this.send(this.options.join()); },
        message: (message) => { this.receive(message); },
        closed: () => { this.lose(this.pause()); },
      },
      this.lostSince === undefined ? undefined : reopenTimeout,
    );
  }

  /** Whether the message was handed to a socket; while the connection is lost it is dropped. */
  send(message: ClientMessage): boolean {
    return this.socket?.send(message) === true;
  }

  /** Ends the pause before the next attempt, or begins anew after having given up; does nothing while a socket is in use. */
  retryNow(): void {
    if (!this.waiting) return;
    this.lostSince = Date.now();
    this.start();
  }

  /** Gives up the present socket and connects anew. */
  reconnect(): void {
    this.socket?.lose();
  }

  close(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.waiting = false;
    this.socket?.close();
  }

  private receive(message: ServerMessage): void {
    if (this.comesBack(message)) {
      this.socket?.drop();
      this.lose(message.type === 'ended' && message.reason === 'moved' ? this.move() : this.pause(1));
      return;
    }
    this.answeredSince ??= Date.now();
    this.lostSince = undefined;
    if (message.type === 'joined') this.inside = true;
    if (message.type === 'door' || message.type === 'joined') this.moves = 0;
    if (message.type === 'refused' || message.type === 'ended') this.close();
    this.options.events.message(message);
  }

  /**
   * After a restart, after having read too slowly, and into another bridge one comes back by oneself; the other ends are final. Somebody
   * who was inside does not take a busy server's first no for an answer.
   */
  private comesBack(message: ServerMessage): boolean {
    if (message.type === 'refused') return message.code === 'busy' && this.inside;
    if (message.type !== 'ended' || this.options.final?.(message.reason) === true) return false;
    return message.reason === 'restart' || message.reason === 'slow' || message.reason === 'moved';
  }

  /** Milliseconds until the next attempt: none for the first after a connection that lasted, unless `least` attempts count as made. */
  private pause(least = 0): number {
    if (this.answeredSince !== undefined && Date.now() - this.answeredSince >= lasting) this.attempt = 0;
    const attempt = Math.max(this.attempt, least);
    this.attempt = attempt + 1;
    return attempt === 0 ? 0 : backoffDelay(attempt - 1, reconnectBackoff, this.options.random ?? Math.random);
  }

  private move(): number {
    this.moves += 1;
    return this.moves <= mostMoves ? 0 : this.pause(1);
  }

  private lose(delay: number): void {
    if (this.over) return;
    this.answeredSince = undefined;
    this.lostSince ??= Date.now();
    this.waiting = true;
    if (Date.now() - this.lostSince >= patience) {
      this.options.events.gaveUp();
      return;
    }
    this.timer = setTimeout(() => { this.start(); }, delay);
    this.options.events.lost();
  }
}
