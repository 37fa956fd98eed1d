import { describe, expect, it, vi } from 'vitest';
import type { Captured } from '../rtc/devices';
import { verdictOf } from './findings';
import type { Attempt, TestCall, Tools } from './networkTest';
import { NetworkTest } from './networkTest';

const track = () => {
  const stop = vi.fn<() => void>();
  const captured: Captured = { kind: 'track', track: { stop } as unknown as MediaStreamTrack };
  return { captured, stop };
};

function call(path: 'udp' | 'tls') {
  let at = 0;
  return {
    path, servers: ['192.0.2.7:10000'], close: vi.fn<() => void>(),
    sample: () => {
      at += 500;
      return Promise.resolve({ at, bytesSent: at * 250, bytesReceived: at * 200, packetsReceived: at, packetsLost: 0, remoteLoss: 0, roundTrip: 0.02 });
    },
  } satisfies TestCall;
}

/** Tools that find everything in order and know no real time. */
function tools(over: Partial<Tools> = {}, attempts: readonly Attempt[] = [call('udp'), call('tls')]): Tools {
  const rest = [...attempts];
  return {
    browser: () => ({ webRTC: true, secure: true, codecs: ['VP8', 'Opus'] }),
    capture: () => Promise.resolve(track().captured),
    delivers: () => Promise.resolve(true),
    https: () => Promise.resolve(31),
    call: () => Promise.resolve(rest.shift() ?? 'no'),
    wait: () => Promise.resolve(),
    ...over,
  };
}

async function run(over: Partial<Tools>, attempts?: readonly Attempt[], withDevices = true) {
  const test = new NetworkTest(tools(over, attempts));
  await test.run(withDevices);
  return test.getState();
}

describe('a network test', () => {
  it('finds everything in order', async () => {
    const udp = call('udp');
    const tls = call('tls');
    const { phase, findings, done } = await run({}, [udp, tls]);
    expect(phase).toBe('done');
    expect(findings).toEqual({
      browser: { webRTC: true, secure: true, codecs: ['VP8', 'Opus'] }, microphone: 'works', camera: 'works', https: 31, socket: 'yes', udp: 'yes', tls: 'yes',
      path: 'udp', measures: { roundTrip: 20, lossUp: 0, lossDown: 0, up: 2_000_000, down: 1_600_000 }, servers: ['192.0.2.7:10000'],
    });
    expect(new Set(done).size).toBe(12);
    expect(udp.close).toHaveBeenCalledTimes(1);
    expect(tls.close).toHaveBeenCalledTimes(1);
  });

  it('measures the way around where UDP is blocked', async () => {
    const tls = call('tls');
    const { findings } = await run({}, ['no', tls]);
    expect(findings).toMatchObject({ udp: 'no', tls: 'yes', path: 'tls', measures: { roundTrip: 20 }, servers: ['192.0.2.7:10000'] });
    expect(tls.close).toHaveBeenCalledTimes(1);
    expect(verdictOf(findings)).toBe('detour');
  });

  it.each([
    ['nothing gets through', ['no', 'no'], { socket: 'yes', udp: 'no', tls: 'no', path: undefined }, 'blocked'],
    ['signalling is broken', ['noSocket'], { socket: 'no', udp: 'skipped', tls: 'skipped' }, 'noSocket'],
    ['the server is busy', ['busy'], { socket: 'busy', udp: 'skipped' }, 'busy'],
    ['the second call finds no place', [call('udp'), 'busy'], { udp: 'yes', tls: 'busy', path: 'udp' }, 'good'],
  ] as const)('%s', async (_, attempts, findings, verdict) => {
    const state = await run({}, attempts);
    expect(state.findings).toMatchObject(findings);
    expect(verdictOf(state.findings)).toBe(verdict);
  });

  it('gives devices back, whether they deliver or not, and leaves them alone on wish', async () => {
    const tracks = [track(), track()];
    const rest = tracks.map((t) => t.captured);
    const { findings } = await run({ capture: () => Promise.resolve(rest.shift() ?? { kind: 'problem', problem: 'missing' }), delivers: () => Promise.resolve(false) });
    expect(findings).toMatchObject({ microphone: 'silent', camera: 'silent' });
    for (const { stop } of tracks) expect(stop).toHaveBeenCalledTimes(1);
    const capture = vi.fn();
    expect((await run({ capture }, undefined, false)).findings).toMatchObject({ microphone: 'skipped', camera: 'skipped' });
    expect(capture).not.toHaveBeenCalled();
  });

  it('says what is the matter with a device', async () => {
    expect((await run({ capture: () => Promise.resolve({ kind: 'problem', problem: 'denied' }) })).findings).toMatchObject({ microphone: 'denied', camera: 'denied' });
  });

  it('tries no call in a browser that cannot', async () => {
    const asked = vi.fn();
    const { findings } = await run({ browser: () => ({ webRTC: false, secure: true, codecs: [] }), call: asked });
    expect(asked).not.toHaveBeenCalled();
    expect(verdictOf(findings)).toBe('browser');
  });

  it('that is stopped ends its call and says nothing more', async () => {
    const udp = call('udp');
    const test = new NetworkTest(tools({ wait: () => { test.stop(); return Promise.resolve(); } }, [udp]));
    await test.run(false);
    expect(udp.close).toHaveBeenCalledTimes(1);
    expect(test.getState()).toMatchObject({ phase: 'running', findings: { measures: undefined } });
  });

  it('begins anew', async () => {
    const test = new NetworkTest(tools({}, ['noSocket', call('udp'), call('tls')]));
    await test.run(false);
    await test.run(false);
    expect(test.getState().findings).toMatchObject({ socket: 'yes', path: 'udp' });
  });
});
