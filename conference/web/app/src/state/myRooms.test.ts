import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OwnRoom } from '../signaling/rooms';
import { roomsProblem } from '../signaling/rooms';
import { MyRooms } from './myRooms';

const room = (id: string, over: Partial<OwnRoom> = {}): OwnRoom => ({
  id, title: `Klasse ${id}`, address: `Klasse-${id}`, secret: false, codeStays: false, code: '482713', link: `https://kurs.example/Klasse-${id}`, ...over,
});

interface Asked { readonly path: string; readonly method: string; readonly body: unknown }

type Answer = readonly [status: number, body?: unknown];

/** Answers each call with the next of the given answers and notes what was asked. */
function server(...answers: Answer[]): Asked[] {
  const asked: Asked[] = [];
  const rest = [...answers];
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    asked.push({ path, method: init?.method ?? 'GET', body: typeof init?.body === 'string' ? JSON.parse(init.body) as unknown : undefined });
    const next = rest.shift();
    if (!next) return Promise.reject(new TypeError('no network'));
    return Promise.resolve(new Response(next[1] === undefined ? null : JSON.stringify(next[1]), { status: next[0] }));
  });
  return asked;
}

afterEach(() => { vi.unstubAllGlobals(); });

describe('the list', () => {
  it('is what the server has', async () => {
    server([200, [room('5a'), room('5b', { secret: true })]]);
    const mine = new MyRooms();
    await mine.load();
    expect(mine.getState()).toEqual({ rooms: [room('5a'), room('5b', { secret: true })], problem: undefined });
  });

  it.each([
    [401, { error: { code: 'login-required' } }, { kind: 'login-required' }],
    [500, undefined, { kind: 'unreachable' }],
    [200, [{ id: 7 }], { kind: 'unreachable' }],
  ])('%i %j is a problem', async (status, body, problem) => {
    server([status, body]);
    const mine = new MyRooms();
    await mine.load();
    expect(mine.getState()).toEqual({ rooms: undefined, problem });
  });

  it('an answer after a problem takes it away', async () => {
    server([500], [200, null]);
    const mine = new MyRooms();
    await mine.load();
    await mine.load();
    expect(mine.getState()).toEqual({ rooms: [], problem: undefined });
  });
});

async function with5a5b(...answers: Answer[]): Promise<{ mine: MyRooms; asked: Asked[] }> {
  const asked = server([200, [room('5a'), room('5b')]], ...answers);
  const mine = new MyRooms();
  await mine.load();
  return { mine, asked };
}

describe('actions', () => {
  it('a new room comes first', async () => {
    const { mine, asked } = await with5a5b([201, room('6c')]);
    expect(await mine.create({ title: 'Klasse 6c', address: 'Klasse-6c' })).toEqual({ kind: 'ok', value: room('6c') });
    expect(asked[1]).toEqual({ path: '/api/rooms', method: 'POST', body: { title: 'Klasse 6c', address: 'Klasse-6c' } });
    expect(mine.getState().rooms?.map((r) => r.id)).toEqual(['6c', '5a', '5b']);
  });

  it('an address that is taken comes back with a free one', async () => {
    const { mine } = await with5a5b([409, { error: { code: 'address-taken', suggestion: 'Klasse-5a-2' } }]);
    expect(await mine.create({ title: 'x', address: 'Klasse-5a' })).toEqual({ kind: 'address-taken', suggestion: 'Klasse-5a-2' });
    expect(mine.getState().rooms).toHaveLength(2);
  });

  it('a change and a new code replace the room in its place', async () => {
    const { mine, asked } = await with5a5b([200, room('5a', { title: 'Chemie' })], [200, room('5b', { code: '111222' })]);
    await mine.change('5a', { title: 'Chemie' });
    await mine.drawCode('5b');
    expect(asked.slice(1)).toEqual([
      { path: '/api/rooms/5a', method: 'PATCH', body: { title: 'Chemie' } },
      { path: '/api/rooms/5b/code', method: 'POST', body: undefined },
    ]);
    expect(mine.getState().rooms).toEqual([room('5a', { title: 'Chemie' }), room('5b', { code: '111222' })]);
  });

  it.each([[204, ['5b']], [404, ['5b']], [500, ['5a', '5b']]])('deleting, answered %i, leaves %j', async (status, left) => {
    const { mine, asked } = await with5a5b([status]);
    await mine.remove('5a');
    expect(asked[1]).toMatchObject({ path: '/api/rooms/5a', method: 'DELETE' });
    expect(mine.getState().rooms?.map((r) => r.id)).toEqual(left);
  });

  it('what fails changes nothing', async () => {
    const { mine } = await with5a5b();
    expect(await mine.change('5a', { title: 'x' })).toEqual({ kind: 'unreachable' });
    expect(mine.getState().rooms).toEqual([room('5a'), room('5b')]);
  });
});

it.each([
  [401, {}, 'login-required'], [404, {}, 'gone'], [429, {}, 'too-many-attempts'], [502, {}, 'unreachable'],
  [409, { error: { code: 'too-many-rooms' } }, 'too-many-rooms'], [400, { error: { code: 'title-invalid' } }, 'title-invalid'],
])('refusal %i %j means %s', (status, body, kind) => {
  expect(roomsProblem(status, body)).toEqual({ kind });
});
