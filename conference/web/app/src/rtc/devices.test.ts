import { expect, it } from 'vitest';
import { classifyProblem, groupDevices } from './devices';

it.each([
  [new DOMException('', 'NotAllowedError'), 'denied'],
  [new DOMException('Permission denied by system', 'NotAllowedError'), 'system'],
  [new DOMException('', 'SecurityError'), 'denied'],
  [new DOMException('', 'NotFoundError'), 'missing'],
  [new DOMException('', 'OverconstrainedError'), 'missing'],
  [new DOMException('', 'NotReadableError'), 'in-use'],
  [new DOMException('', 'AbortError'), 'in-use'],
  [new TypeError('mediaDevices is undefined'), 'unsupported'],
  [new Error('?'), 'other'],
  ['?', 'other'],
])('%o is %s', (error, problem) => {
  expect(classifyProblem(error)).toBe(problem);
});

it('blames the address where the page did not come over HTTPS', () => {
  expect(classifyProblem(new TypeError('mediaDevices is undefined'), false)).toBe('insecure');
});

it('lists only devices that the browser names', () => {
  const all = [
    { kind: 'audioinput', deviceId: 'm', label: 'Headset' },
    { kind: 'videoinput', deviceId: 'c', label: 'Kamera' },
    { kind: 'audiooutput', deviceId: 's', label: 'Boxen' },
    { kind: 'videoinput', deviceId: '', label: '' },
    { kind: 'audioinput', deviceId: 'x', label: '' },
  ] as const;
  expect(groupDevices(all)).toEqual({
    microphones: [{ id: 'm', label: 'Headset' }],
    cameras: [{ id: 'c', label: 'Kamera' }],
    speakers: [{ id: 's', label: 'Boxen' }],
  });
});
