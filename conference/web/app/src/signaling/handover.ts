// Going on with the lesson on another device: this device draws a token, the other one uses it once and is logged in (docs/signaling.md, HTTP).
import { call, readFields } from './api';
import { asCount, asString } from './guards';

export interface HandoverToken {
  readonly token: string;
  /** How long the token can be used. */
  readonly seconds: number;
}

/** A token for another device of who is logged in here; undefined when the server gave none. */
export async function drawHandover(): Promise<HandoverToken | undefined> {
  const f = await readFields(await call('/api/handover', { method: 'POST' }));
  const token = asString(f?.['token']);
  return token === undefined || token === '' ? undefined : { token, seconds: asCount(f?.['seconds']) ?? 120 };
}

export type HandoverResult = 'ok' | 'expired' | 'unreachable';

/** Logs this device in with a token; it works once. */
export async function redeemHandover(token: string): Promise<HandoverResult> {
  const response = await call('/api/handover/use', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }),
  });
  if (response?.ok) return 'ok';
  const tooFast = response?.status === 429;
  return response !== undefined && response.status >= 400 && response.status < 500 && !tooFast ? 'expired' : 'unreachable';
}

/** The link for the other device. Token and room stand in the fragment, which browsers send to no server. */
export function handoverLink(origin: string, room: string, token: string): string {
  return `${origin}/weiter#${new URLSearchParams({ raum: room, token }).toString()}`;
}

/** What such a link's fragment says; undefined when it is none. */
export function readHandover(fragment: string): { readonly room: string; readonly token: string } | undefined {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const room = fields.get('raum') ?? '';
  const token = fields.get('token') ?? '';
  return room === '' || token === '' || token.length > 200 ? undefined : { room, token };
}
