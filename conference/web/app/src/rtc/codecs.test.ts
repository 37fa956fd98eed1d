import { expect, it } from 'vitest';
import { preferredAudioCodecs, preferredVideoCodecs } from './codecs';

it('keeps VP8, H.264 constrained baseline and retransmission, in this order', () => {
  const rtx = { mimeType: 'video/rtx' };
  const h264 = { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' };
  const vp8 = { mimeType: 'video/VP8' };
  const others = [
    { mimeType: 'video/VP9' }, { mimeType: 'video/AV1' }, { mimeType: 'video/red' }, { mimeType: 'video/ulpfec' },
    { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=0;profile-level-id=42e01f' },
    { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=1;profile-level-id=640c1f' },
  ];
  expect(preferredVideoCodecs([rtx, h264, ...others, vp8])).toEqual([vp8, h264, rtx]);
  expect(preferredVideoCodecs(others)).toEqual([]);
});

it('keeps Opus alone', () => {
  expect(preferredAudioCodecs([{ mimeType: 'audio/red' }, { mimeType: 'audio/opus' }, { mimeType: 'audio/CN' }])).toEqual([{ mimeType: 'audio/opus' }]);
});
