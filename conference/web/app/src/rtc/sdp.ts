/**
 * Asks the browser's Opus encoder for in-band FEC and DTX: both are format parameters (RFC 7587 §6.1) that a sender takes from the
 * remote description, so the answer is where they must stand. In the media section `music` (its mid) no DTX is asked for, which would
 * cut soft passages off, and more bits than speech gets by itself.
 */
export function withOpusParameters(sdp: string, music?: string): string {
  const [session = '', ...sections] = sdp.split(/(?=^m=)/m);
  return session + sections.map((section) => inSection(section, music)).join('');
}

function inSection(section: string, music: string | undefined): string {
  const lines = section.split('\r\n');
  const parameters = music !== undefined && lines.includes(`a=mid:${music}`) ? ['useinbandfec=1', 'maxaveragebitrate=96000'] : ['useinbandfec=1', 'usedtx=1'];
  const opus = new Set(lines.flatMap((line) => /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1] ?? []));
  const described = new Set(lines.flatMap((line) => /^a=fmtp:(\d+) /.exec(line)?.[1] ?? []));
  return lines
    .flatMap((line) => {
      const format = /^a=fmtp:(\d+) (.*)$/.exec(line);
      if (format?.[1] !== undefined && opus.has(format[1])) return [`a=fmtp:${format[1]} ${merge(format[2] ?? '', parameters)}`];
      const payload = /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1];
      return payload === undefined || described.has(payload) ? [line] : [line, `a=fmtp:${payload} ${merge('', parameters)}`];
    })
    .join('\r\n');
}

function merge(present: string, wanted: readonly string[]): string {
  const merged = new Map<string, string>();
  for (const part of [...present.split(';'), ...wanted]) {
    const [key, value] = part.trim().split('=');
    if (key !== undefined && key !== '') merged.set(key, value ?? '');
  }
  return [...merged].map(([key, value]) => (value === '' ? key : `${key}=${value}`)).join(';');
}
