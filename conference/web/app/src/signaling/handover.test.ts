import { afterEach, describe, expect, it, vi } from 'vitest';
import { drawHandover, handoverLink, readHandover, redeemHandover } from './handover';

afterEach(() => { vi.unstubAllGlobals(); });

const answers = (status: number, body?: unknown): ReturnType<typeof vi.fn> => {
  const fetch = vi.fn(() => Promise.resolve(new Response(body === undefined ? null : JSON.stringify(body), { status })));
  vi.stubGlobal('fetch', fetch);
  return fetch;
};

describe('the link for another device', () => {
  it('says room and token in its fragment only, and is read back', () => {
    const link = new URL(handoverLink('https://kurs.example', 'Klasse-5a', 'a+b/c=&d'));
    expect(link.pathname + link.search).toBe('/weiter');
    expect(readHandover(link.hash)).toEqual({ room: 'Klasse-5a', token: 'a+b/c=&d' });
  });

  it.each(['', '#', '#raum=x', '#token=x', '#raum=&token=x', `#raum=x&token=${'y'.repeat(201)}`])('%s is none', (fragment) => {
    expect(readHandover(fragment)).toBeUndefined();
  });
});

describe('drawing a token', () => {
  it('reads token and seconds', async () => {
    const fetch = answers(200, { token: 'abc', seconds: 90 });
    expect(await drawHandover()).toEqual({ token: 'abc', seconds: 90 });
    expect(fetch.mock.calls[0]?.slice(0, 1)).toEqual(['/api/handover']);
  });

  it.each([[401, { error: { code: 'login-required' } }], [200, {}], [200, { token: '' }]])('%i %j gives none', async (status, body) => {
    answers(status, body);
    expect(await drawHandover()).toBeUndefined();
  });
});

describe('using a token', () => {
  it.each([[204, 'ok'], [401, 'expired'], [403, 'expired'], [410, 'expired'], [429, 'unreachable'], [503, 'unreachable']] as const)('%i: %s', async (status, result) => {
    const fetch = answers(status);
    expect(await redeemHandover('abc')).toBe(result);
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: '{"token":"abc"}' });
  });

  it('says when the server does not answer', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    expect(await redeemHandover('abc')).toBe('unreachable');
  });
});
