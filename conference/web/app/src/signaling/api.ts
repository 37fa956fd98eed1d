import type { Fields } from './guards';
import { asBoolean, asCount, asFields, asOneOf, asString } from './guards';
import type { ScreenShare } from './messages';

/** What `GET /api/site` says about the county. */
export interface Site {
  readonly name: string;
  readonly contact: { readonly name: string; readonly email: string; readonly phone: string; readonly url: string };
  readonly rooms: { readonly maxParticipants: number; readonly codeRequired: boolean; readonly screenShare: ScreenShare };
  readonly version: string;
}

export interface Login {
  /** The account's name, or undefined for somebody who is not logged in. */
  readonly organiser: string | undefined;
}

export type LoginResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'login-wrong' }
  | { readonly kind: 'account-disabled' }
  /** Seconds until the next attempt is worth making. */
  | { readonly kind: 'too-many-attempts' | 'busy'; readonly retryAfter: number }
  | { readonly kind: 'unreachable' };

const timeout = 15_000;

/** Asks the server; undefined when no answer came within 15 s. */
export async function call(path: string, init?: RequestInit): Promise<Response | undefined> {
  try {
    return await fetch(path, { ...init, signal: AbortSignal.timeout(timeout), cache: 'no-store', credentials: 'same-origin' });
  } catch {
    return undefined;
  }
}

/** The JSON object of a good answer. */
export async function readFields(response: Response | undefined): Promise<Fields | undefined> {
  try {
    return response?.ok ? asFields(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}

/** The county's data; undefined when the server could not be reached or said something else. */
export async function fetchSite(): Promise<Site | undefined> {
  return decodeSite(await readFields(await call('/api/site')));
}

export function decodeSite(f: Fields | undefined): Site | undefined {
  const name = asString(f?.['name']);
  if (name === undefined) return undefined;
  const contact = asFields(f?.['contact']);
  const rooms = asFields(f?.['rooms']);
  return {
    name,
    contact: {
      name: asString(contact?.['name']) ?? '',
      email: asString(contact?.['email']) ?? '',
      phone: asString(contact?.['phone']) ?? '',
      url: asString(contact?.['url']) ?? '',
    },
    rooms: {
      maxParticipants: asCount(rooms?.['maxParticipants']) ?? 0,
      codeRequired: asBoolean(rooms?.['codeRequired']) ?? true,
      screenShare: asOneOf(rooms?.['screenShare'], ['everyone', 'organisers']) ?? 'organisers',
    },
    version: asString(f?.['version']) ?? '',
  };
}

export async function fetchLogin(): Promise<Login> {
  const f = await readFields(await call('/api/session'));
  const name = asString(f?.['name']);
  return { organiser: f?.['organiser'] === true && name !== undefined ? name : undefined };
}

export async function login(name: string, password: string): Promise<LoginResult> {
  const response = await call('/api/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  if (!response) return { kind: 'unreachable' };
  if (response.ok) return { kind: 'ok' };
  return loginRefusal(response.status, response.headers.get('Retry-After'));
}

/** What an answer to a failed login means, by its status (docs/signaling.md). */
export function loginRefusal(status: number, retryAfter: string | null): LoginResult {
  const seconds = Math.min(3600, Math.max(1, Number.parseInt(retryAfter ?? '', 10) || 5));
  switch (status) {
    case 401:
      return { kind: 'login-wrong' };
    case 403:
      return { kind: 'account-disabled' };
    case 429:
      return { kind: 'too-many-attempts', retryAfter: seconds };
    case 503:
      return { kind: 'busy', retryAfter: seconds };
    default:
      return { kind: 'unreachable' };
  }
}

export async function logout(): Promise<void> {
  await call('/api/logout', { method: 'POST' });
}

/** The WebSocket's address of a room on the page's own host. */
export function roomSocketURL(location: { readonly protocol: string; readonly host: string }, room: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}/api/rooms/${encodeURIComponent(room)}/ws`;
}
