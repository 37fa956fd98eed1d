// Messages of the network test (docs/signaling.md, `GET /api/nettest/ws`).
import { asFields, asList, asOneOf, asString, parseJSON } from './guards';

export interface TestRelay {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

export type TestMessage =
  | { readonly type: 'ice'; readonly relay: TestRelay }
  | { readonly type: 'answer'; readonly sdp: string }
  /** The test is over, or there is no place for another one. */
  | { readonly type: 'over' };

/** One text frame; undefined for what is none of the messages. */
export function decodeTestMessage(text: string): TestMessage | undefined {
  const f = asFields(parseJSON(text));
  switch (asOneOf(f?.['type'], ['ice', 'answer', 'over'])) {
    case 'ice': {
      const urls = asList(f?.['urls'], asString);
      return urls && { type: 'ice', relay: { urls, username: asString(f?.['username']) ?? '', credential: asString(f?.['credential']) ?? '' } };
    }
    case 'answer': {
      const sdp = asString(f?.['sdp']);
      return sdp === undefined ? undefined : { type: 'answer', sdp };
    }
    case 'over':
      return { type: 'over' };
    case undefined:
      return undefined;
  }
}

export function testSocketURL(location: { readonly protocol: string; readonly host: string }): string {
  return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/api/nettest/ws`;
}

/** The server's addresses for media in an answer, "192.0.2.7:10000" or "[2001:db8::7]:10000" (RFC 8839 §5.1). */
export function serversIn(sdp: string): string[] {
  const found = [...sdp.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/gim)]
    .map(([, address = '', port = '']) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
  return [...new Set(found)];
}
