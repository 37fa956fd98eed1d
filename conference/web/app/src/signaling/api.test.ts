import { describe, expect, it } from 'vitest';
import { decodeSite, loginRefusal, roomSocketURL } from './api';

describe('decodeSite', () => {
  it('reads all fields', () => {
    const site = {
      name: 'KMZ Musterkreis',
      contact: { name: 'Beratung', email: 'b@kmz.example', phone: '07000', url: 'https://kmz.example/' },
      rooms: { maxParticipants: 70, codeRequired: true, screenShare: 'everyone' },
      version: '1.2.3',
    };
    expect(decodeSite(site)).toEqual(site);
  });

  it('needs a name and makes do without the rest', () => {
    expect(decodeSite({})).toBeUndefined();
    expect(decodeSite({ name: 7 })).toBeUndefined();
    expect(decodeSite(undefined)).toBeUndefined();
    expect(decodeSite({ name: 'KMZ' })).toEqual({
      name: 'KMZ', contact: { name: '', email: '', phone: '', url: '' },
      rooms: { maxParticipants: 0, codeRequired: true, screenShare: 'organisers' }, version: '',
    });
  });
});

describe('loginRefusal', () => {
  it.each([
    [401, null, { kind: 'login-wrong' }],
    [403, null, { kind: 'account-disabled' }],
    [429, '30', { kind: 'too-many-attempts', retryAfter: 30 }],
    [429, null, { kind: 'too-many-attempts', retryAfter: 5 }],
    [429, 'Sat, 21 Nov 2026 19:00:00 GMT', { kind: 'too-many-attempts', retryAfter: 5 }],
    [429, '-3', { kind: 'too-many-attempts', retryAfter: 1 }],
    [503, '999999', { kind: 'busy', retryAfter: 3600 }],
    [500, null, { kind: 'unreachable' }],
  ])('status %i with Retry-After %s', (status, retryAfter, result) => {
    expect(loginRefusal(status, retryAfter)).toEqual(result);
  });
});

it('the socket is on the page’s own host and as safe as the page', () => {
  expect(roomSocketURL({ protocol: 'https:', host: 'kurs.example:8443' }, 'Klasse-5a')).toBe('wss://kurs.example:8443/api/rooms/Klasse-5a/ws');
  expect(roomSocketURL({ protocol: 'http:', host: 'localhost:5173' }, 'abc')).toBe('ws://localhost:5173/api/rooms/abc/ws');
});
