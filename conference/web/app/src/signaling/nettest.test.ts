import { describe, expect, it } from 'vitest';
import { decodeTestMessage, serversIn, testSocketURL } from './nettest';

describe('decodeTestMessage', () => {
  it.each([
    ['{"type":"over"}', { type: 'over' }],
    ['{"type":"answer","sdp":"v=0"}', { type: 'answer', sdp: 'v=0' }],
    ['{"type":"ice","urls":["turns:kurs.example:443?transport=tcp"],"username":"1.a","credential":"x","seconds":600}',
      { type: 'ice', relay: { urls: ['turns:kurs.example:443?transport=tcp'], username: '1.a', credential: 'x' } }],
    ['{"type":"ice"}', { type: 'ice', relay: { urls: [], username: '', credential: '' } }],
    ['{"type":"ice","urls":[1]}', undefined], ['{"type":"answer"}', undefined], ['{"type":"chat"}', undefined], ['', undefined], ['[]', undefined],
  ])('%s', (text, message) => {
    expect(decodeTestMessage(text)).toEqual(message);
  });
});

it('the socket is on the page’s own host', () => {
  expect(testSocketURL({ protocol: 'https:', host: 'kurs.example' })).toBe('wss://kurs.example/api/nettest/ws');
});

it('finds the server’s addresses, each once', () => {
  const sdp = [
    'v=0', 'a=candidate:1 1 udp 2130706431 192.0.2.7 10000 typ host', 'a=candidate:1 2 udp 2130706431 192.0.2.7 10000 typ host',
    'a=candidate:2 1 UDP 2130706430 2001:db8::7 10000 typ host', 'm=audio', 'a=candidate:1 1 udp 2130706431 192.0.2.7 10000 typ host',
    'a=candidate:3 1 tcp 1 192.0.2.7 443 typ host tcptype passive',
  ].join('\r\n');
  expect(serversIn(sdp)).toEqual(['192.0.2.7:10000', '[2001:db8::7]:10000']);
});
