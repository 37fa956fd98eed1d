// What the page remembers: a name and the way back in, for this tab alone and gone with it; the language and a drawn number, for this
// browser. Storage may be switched off; then the page remembers nothing and works all the same.

import { asFields, asOneOf, asString, parseJSON } from '../signaling/guards';
import type { Role } from '../signaling/messages';

export interface Return {
  readonly resume: string;
  readonly role: Role;
}

function read(storage: () => Storage, key: string): string | undefined {
  try {
    return storage().getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(storage: () => Storage, key: string, value: string | undefined): void {
  try {
    if (value === undefined) storage().removeItem(key);
    else storage().setItem(key, value);
  } catch {
    // Storage is switched off or full.
  }
}

const tab = (): Storage => sessionStorage;
const browser = (): Storage => localStorage;
const returnKey = (room: string): string => `kreisraum.return.${room.toLowerCase()}`;

export const rememberedName = (): string => read(tab, 'kreisraum.name') ?? '';
export const rememberName = (name: string): void => { write(tab, 'kreisraum.name', name); };

export function rememberedReturn(room: string): Return | undefined {
  const fields = asFields(parseJSON(read(tab, returnKey(room)) ?? ''));
  const resume = asString(fields?.['resume']);
  const role = asOneOf(fields?.['role'], ['participant', 'organiser']);
  return resume !== undefined && role ? { resume, role } : undefined;
}

export function rememberReturn(room: string, value: Return | undefined): void {
  write(tab, returnKey(room), value && JSON.stringify(value));
}

/** Whether this tab has been loaded anew already because its page was out of date. */
export const rememberedReload = (): boolean => read(tab, 'kreisraum.reloaded') !== undefined;
export const rememberReload = (reloaded: boolean): void => { write(tab, 'kreisraum.reloaded', reloaded ? '1' : undefined); };

export const rememberedLanguage = (): string | undefined => read(browser, 'kreisraum.language');
export const rememberLanguage = (language: string): void => { write(browser, 'kreisraum.language', language); };

const deviceShape = /^[A-Za-z0-9_-]{16,64}$/;
let drawn: string | undefined;

/**
 * A random ID of this browser, drawn once. It says nothing about the device or its owner; a room that somebody was removed from knows it
 * again as long as it lasts. Without storage it lives as long as the page.
 */
export function rememberedDevice(): string {
  const kept = read(browser, 'kreisraum.device');
  if (kept !== undefined && deviceShape.test(kept)) return kept;
  drawn ??= Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  write(browser, 'kreisraum.device', drawn);
  return drawn;
}
