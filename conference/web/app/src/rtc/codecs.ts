export interface Codec {
  readonly mimeType: string;
  readonly sdpFmtpLine?: string;
}

/**
 * The codecs the server forwards, VP8 first: VP8, H.264 constrained baseline with packetization mode 1, and retransmission. Leaving
 * the others out keeps an offer with many slots far below the server's limit for messages.
 */
export function preferredVideoCodecs<T extends Codec>(available: readonly T[]): T[] {
  const rank = (codec: Codec): number => {
    switch (codec.mimeType.toLowerCase()) {
      case 'video/vp8':
        return 0;
      case 'video/h264':
        return isConstrainedBaseline(codec.sdpFmtpLine ?? '') ? 1 : -1;
      case 'video/rtx':
        return 2;
      default:
        return -1;
    }
  };
  return available.filter((codec) => rank(codec) >= 0).sort((a, b) => rank(a) - rank(b));
}

/** RFC 6184 §8.1: profile_idc 42, constraint flags with set1, packetization-mode 1. */
function isConstrainedBaseline(fmtp: string): boolean {
  return /profile-level-id=42e0/i.test(fmtp) && /packetization-mode=1/.test(fmtp);
}

/** Opus alone: the server forwards nothing else. */
export function preferredAudioCodecs<T extends Codec>(available: readonly T[]): T[] {
  return available.filter((codec) => codec.mimeType.toLowerCase() === 'audio/opus');
}
