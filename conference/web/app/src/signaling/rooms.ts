// A teacher's own rooms (docs/signaling.md, HTTP). All calls need the login.
import { call } from './api';
import type { Fields } from './guards';
import { asBoolean, asFields, asList, asString } from './guards';

export interface OwnRoom {
  readonly id: string;
  readonly title: string;
  /** The room's name in its link. */
  readonly address: string;
  /** Whether the address was drawn so that nobody can guess it. */
  readonly secret: boolean;
  /** Whether the code stays; otherwise it is another one every day. */
  readonly codeStays: boolean;
  readonly code: string;
  readonly link: string;
}

export interface NewRoom {
  readonly title: string;
  /** Missing: the server draws one (secret) or makes one of the title. */
  readonly address?: string;
  readonly secret?: boolean;
  readonly codeStays?: boolean;
}

export type RoomChange = Partial<Pick<OwnRoom, 'title' | 'codeStays'>>;

/** Why the server did not do it. */
export type RoomsProblem =
  | { readonly kind: 'login-required' | 'room-invalid' | 'title-invalid' | 'too-many-rooms' | 'too-many-attempts' | 'gone' | 'unreachable' }
  /** Somebody in the county has this address; `suggestion` is a free one like it. */
  | { readonly kind: 'address-taken'; readonly suggestion: string | undefined };

export type RoomsResult<T> = { readonly kind: 'ok'; readonly value: T } | RoomsProblem;

/** Longest title in characters. */
export const titleMax = 80;

const json = { 'Content-Type': 'application/json' };
const pathOf = (id: string): string => `/api/rooms/${encodeURIComponent(id)}`;

export async function fetchRooms(): Promise<RoomsResult<readonly OwnRoom[]>> {
  return result(await call('/api/rooms'), (body) => asList(body, (one) => decodeRoom(asFields(one))));
}

export async function createRoom(room: NewRoom): Promise<RoomsResult<OwnRoom>> {
  return result(await call('/api/rooms', { method: 'POST', headers: json, body: JSON.stringify(room) }), readRoom);
}

export async function changeRoom(id: string, change: RoomChange): Promise<RoomsResult<OwnRoom>> {
  return result(await call(pathOf(id), { method: 'PATCH', headers: json, body: JSON.stringify(change) }), readRoom);
}

export async function drawCode(id: string): Promise<RoomsResult<OwnRoom>> {
  return result(await call(`${pathOf(id)}/code`, { method: 'POST' }), readRoom);
}

export async function deleteRoom(id: string): Promise<RoomsResult<true>> {
  return result(await call(pathOf(id), { method: 'DELETE' }), () => true as const);
}

const readRoom = (body: unknown): OwnRoom | undefined => decodeRoom(asFields(body));

export function decodeRoom(f: Fields | undefined): OwnRoom | undefined {
  const id = asString(f?.['id']);
  const title = asString(f?.['title']);
  const address = asString(f?.['address']);
  if (id === undefined || title === undefined || address === undefined) return undefined;
  return {
    id, title, address,
    secret: asBoolean(f?.['secret']) ?? false,
    codeStays: asBoolean(f?.['codeStays']) ?? false,
    code: asString(f?.['code']) ?? '',
    link: asString(f?.['link']) ?? '',
  };
}

/** Reads an answer; what cannot be understood counts as no answer. */
async function result<T>(response: Response | undefined, read: (body: unknown) => T | undefined): Promise<RoomsResult<T>> {
  if (!response) return { kind: 'unreachable' };
  let body: unknown;
  try {
    body = response.status === 204 ? undefined : await response.json();
  } catch {
    body = undefined;
  }
  if (!response.ok) return roomsProblem(response.status, asFields(body));
  const value = read(body);
  return value === undefined ? { kind: 'unreachable' } : { kind: 'ok', value };
}

/** What a refusal means, by its code, or by its status where the code is none of ours. */
export function roomsProblem(status: number, body: Fields | undefined): RoomsProblem {
  const error = asFields(body?.['error']);
  const code = asString(error?.['code']);
  switch (code) {
    case 'login-required':
    case 'room-invalid':
    case 'title-invalid':
    case 'too-many-rooms':
    case 'too-many-attempts':
      return { kind: code };
    case 'address-taken':
      return { kind: code, suggestion: asString(error?.['suggestion']) ?? asString(body?.['suggestion']) };
    default:
      return { kind: status === 401 ? 'login-required' : status === 404 ? 'gone' : status === 429 ? 'too-many-attempts' : 'unreachable' };
  }
}
