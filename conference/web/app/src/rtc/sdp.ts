/**
 * Asks the browser's Opus encoder for in-band FEC and DTX: both are format parameters (RFC 7587 §6.1) that a sender takes from the
 * remote description, so the answer is where they must stand.
 */
export function withOpusParameters(sdp: string): string {
  const lines = sdp.split('\r\n');
  const opus = new Set<string>();
  for (const line of lines) {
    const payload = /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1];
    if (payload !== undefined) opus.add(payload);
  }
  const described = new Set<string>();
  const changed = lines.map((line) => {
    const match = /^a=fmtp:(\d+) (.*)$/.exec(line);
    const payload = match?.[1];
    if (payload === undefined || !opus.has(payload)) return line;
    described.add(payload);
    return `a=fmtp:${payload} ${mergeParameters(match?.[2] ?? '')}`;
  });
  return changed
    .flatMap((line) => {
      const payload = /^a=rtpmap:(\d+) opus\/48000/i.exec(line)?.[1];
      return payload === undefined || described.has(payload) ? [line] : [line, `a=fmtp:${payload} ${mergeParameters('')}`];
    })
    .join('\r\n');
}

function mergeParameters(parameters: string): string {
  const merged = new Map<string, string>();
  for (const part of parameters.split(';')) {
    const [key, value] = part.trim().split('=');
    if (key !== undefined && key !== '') merged.set(key, value ?? '');
  }
  merged.set('useinbandfec', '1');
  merged.set('usedtx', '1');
  return [...merged].map(([key, value]) => (value === '' ? key : `${key}=${value}`)).join(';');
}
