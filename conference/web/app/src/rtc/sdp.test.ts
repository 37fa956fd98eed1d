import { describe, expect, it } from 'vitest';
import { withOpusParameters } from './sdp';

const sdp = (...lines: string[]): string => ['v=0', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', ...lines, ''].join('\r\n');

describe('withOpusParameters', () => {
  it('adds DTX and FEC and keeps what is there', () => {
    expect(withOpusParameters(sdp('a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=0'))).toBe(
      sdp('a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1'),
    );
  });

  it('adds the line where there is none', () => {
    expect(withOpusParameters(sdp('a=rtpmap:111 OPUS/48000/2'))).toBe(sdp('a=rtpmap:111 OPUS/48000/2', 'a=fmtp:111 useinbandfec=1;usedtx=1'));
  });

  it('asks for no DTX and more bits where music may be, and only there', () => {
    const opus = ['a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10'];
    const speech = ['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', ...opus];
    const music = ['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:3', ...opus];
    const changed = withOpusParameters(['v=0', ...speech, ...music, ''].join('\r\n'), '3').split('\r\n');
    expect(changed.filter((line) => line.startsWith('a=fmtp'))).toEqual([
      'a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1',
      'a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=96000',
    ]);
    expect(changed.filter((line) => !line.startsWith('a=fmtp'))).toEqual(['v=0', ...speech, ...music, ''].filter((line) => !line.startsWith('a=fmtp')));
  });

  it('leaves other codecs alone', () => {
    const other = sdp('a=rtpmap:96 VP8/90000', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96');
    expect(withOpusParameters(other)).toBe(other);
  });
});
