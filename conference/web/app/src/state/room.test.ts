import { describe, expect, it } from 'vitest';
import type { Joined, Participant, ServerMessage } from '../signaling/messages';
import { openSettings } from './rights';
import type { RoomState } from './room';
import { initialRoom, mayShareScreen, reduceRoom, slotOf } from './room';

const person = (id: string, over: Partial<Participant> = {}): Participant => ({
  id, name: `Name ${id}`, role: 'participant', mic: false, camera: false, screen: false, ...over,
});

const joined: Joined = {
  type: 'joined',
  self: 'me',
  resume: 'r',
  room: { name: 'abc', code: '482713', maxParticipants: 70, screenShare: 'organisers', codeRequired: true },
  participants: [person('t', { role: 'organiser' }), person('me')],
  chat: [{ id: '1', from: 't', name: 'Name t', text: 'Hallo', at: 1 }],
  slots: { audio: 8, video: 25 },
  settings: { ...openSettings, screens: false },
  emergency: false,
  lobby: [],
};

const after = (state: RoomState, ...messages: ServerMessage[]): RoomState =>
  messages.reduce((s, message) => reduceRoom(s, { type: 'server', message, now: 1000 }), state);

const inside = after(initialRoom, joined);

describe('the door', () => {
  it('waits, asks for the code, counts down', () => {
    const waiting = after(initialRoom, { type: 'door', state: 'waiting', wrong: false, retryAfter: 0, taken: false });
    expect(waiting.phase).toEqual({ kind: 'waiting', sentBack: false, taken: false });
    const code = after(waiting, { type: 'door', state: 'code', wrong: false, retryAfter: 0, taken: false });
    expect(code.phase).toEqual({ kind: 'code', wrong: false, retryAt: 0, checking: false, taken: false });
    const checking = reduceRoom(code, { type: 'codeSent' });
    expect(checking.phase).toMatchObject({ checking: true });
    const wrong = after(checking, { type: 'door', state: 'code', wrong: true, retryAfter: 8, taken: false });
    expect(wrong.phase).toEqual({ kind: 'code', wrong: true, retryAt: 9000, checking: false, taken: false });
    expect(after(wrong, joined).phase.kind).toBe('inside');
  });

  it('queues before the door and keeps the place up to date', () => {
    const third = after(initialRoom, { type: 'queue', place: 3 });
    expect(third).toMatchObject({ phase: { kind: 'queue', place: 3 }, link: 'ok' });
    const moved = reduceRoom(after(third, { type: 'queue', place: 1 }), { type: 'link', link: 'mending' });
    expect(moved.phase).toEqual({ kind: 'queue', place: 1 });
    expect(after(moved, joined).phase.kind).toBe('inside');
  });

  it('stands before a locked room and goes on to the code', () => {
    const locked = after(initialRoom, { type: 'door', state: 'locked', wrong: false, retryAfter: 0, taken: false });
    expect(locked.phase).toEqual({ kind: 'locked', sentBack: false, taken: false });
    expect(after(locked, { type: 'door', state: 'code', wrong: false, retryAfter: 0, taken: false }).phase.kind).toBe('code');
  });

  it('forgets the room when somebody who was inside stands before it again', () => {
    const out = after(inside, { type: 'door', state: 'waiting', wrong: false, retryAfter: 0, taken: false });
    expect(out).toMatchObject({ participants: [], chat: [], room: undefined, self: '' });
  });
});

describe('people', () => {
  it('come, change and go', () => {
    const three = after(inside, { type: 'participantJoined', participant: person('b') });
    expect(three.participants.map((p) => p.id)).toEqual(['t', 'me', 'b']);
    const on = after(three, { type: 'participantState', id: 'b', mic: true, camera: true, screen: false }, { type: 'speakers', ids: ['b', 't'] });
    expect(on.participants[2]).toEqual(person('b', { mic: true, camera: true }));
    const gone = after(on, { type: 'participantLeft', id: 'b' });
    expect(gone.participants.map((p) => p.id)).toEqual(['t', 'me']);
    expect(gone.speakers).toEqual(['t']);
  });

  it('are away and back, and keep being away whatever else changes', () => {
    const away = after(inside, { type: 'participantAway', id: 't', away: true });
    expect(away.participants[0]).toEqual(person('t', { role: 'organiser', away: true }));
    const muted = after(away, { type: 'participantState', id: 't', mic: false, camera: true, screen: false });
    expect(muted.participants[0]).toMatchObject({ camera: true, away: true });
    expect(after(muted, { type: 'participantAway', id: 't', away: false }).participants[0]?.away).toBe(false);
    expect(after(inside, { type: 'participantAway', id: 'nobody', away: true }).participants).toEqual(inside.participants);
  });

  it('are not doubled when announced twice', () => {
    expect(after(inside, { type: 'participantJoined', participant: person('t') }).participants).toHaveLength(2);
  });
});

describe('chat', () => {
  const message = (id: string, from: string): ServerMessage => ({ type: 'chat', id, from, name: 'x', text: 'y', at: 2 });

  it('counts what others wrote while the panel is closed', () => {
    expect(inside.unread).toBe(0);
    const two = after(inside, message('2', 't'), message('3', 'me'), message('4', 't'));
    expect(two.unread).toBe(2);
    const open = reduceRoom(two, { type: 'chatOpen', open: true });
    expect(after(open, message('5', 't')).unread).toBe(0);
  });

  it('takes a message once', () => {
    expect(after(inside, message('2', 't'), message('2', 't')).chat).toHaveLength(2);
  });

  it('counts what was missed while the connection was lost', () => {
    const lost = reduceRoom(inside, { type: 'link', link: 'lost' });
    const missed = { id: '2', from: 't', name: 'x', text: 'y', at: 2 };
    const back = after(lost, { ...joined, chat: [...joined.chat, missed] });
    expect(back.unread).toBe(1);
    expect(back.link).toBe('ok');
  });
});

describe('the rest', () => {
  it('keeps people and chat on the page while reconnecting', () => {
    const lost = reduceRoom(inside, { type: 'link', link: 'mending' });
    expect(lost.phase.kind).toBe('inside');
    expect(lost.participants).toBe(inside.participants);
    expect(lost.link).toBe('mending');
  });

  it('keeps pictures and sound where they are when only the socket was lost', () => {
    const talking = reduceRoom(
      after(inside, { type: 'slots', audio: [{ mid: '3', participant: 't' }], video: [{ mid: '7', participant: 't', source: 'camera' }] }, { type: 'speakers', ids: ['t'] }),
      { type: 'media', state: 'connected' },
    );
    const back = after(reduceRoom(talking, { type: 'link', link: 'mending' }), { ...joined, media: true });
    for (const field of ['audioSlots', 'videoSlots', 'speakers', 'media', 'peer'] as const) expect(back[field]).toBe(talking[field]);
  });

  it('finds the slot of a source', () => {
    const slots = after(inside, { type: 'slots', audio: [], video: [{ mid: '7', participant: 't', source: 'screen' }, { mid: '8', participant: 't', source: 'camera' }] });
    expect(slotOf(slots, 't', 'camera')).toBe('8');
    expect(slotOf(slots, 't', 'screen')).toBe('7');
    expect(slotOf(slots, 'b', 'camera')).toBeUndefined();
  });

  it('empties the slots with a new PeerConnection', () => {
    const slots = after(inside, { type: 'slots', audio: [], video: [{ mid: '7', participant: 't', source: 'screen' }] });
    const fresh = reduceRoom(slots, { type: 'peer' });
    expect(fresh.videoSlots).toEqual([]);
    expect(fresh.peer).toBe(slots.peer + 1);
  });

  it('lets share the screen whom the county lets', () => {
    expect(mayShareScreen(inside)).toBe(false);
    expect(mayShareScreen(after(initialRoom, { ...joined, self: 't' }))).toBe(true);
    expect(mayShareScreen(after(initialRoom, { ...joined, settings: openSettings }))).toBe(true);
  });

  it('locks and unlocks', () => {
    const locked = after(inside, { type: 'settings', ...openSettings, locked: true });
    expect(locked.settings).toEqual({ ...openSettings, locked: true });
    expect(after(locked, { type: 'settings', ...openSettings }).settings.locked).toBe(false);
  });

  it('announces the restart anew when its time changes, and only then', () => {
    const put = (state: RoomState): RoomState => reduceRoom(state, { type: 'restart', dismissed: true });
    const told = after(inside, { type: 'notice', kind: 'restart', at: 7 });
    expect(told.restart).toEqual({ at: 7, dismissed: false });
    expect(after(put(told), { type: 'notice', kind: 'restart', at: 7 }).restart).toEqual({ at: 7, dismissed: true });
    expect(after(put(told), { type: 'notice', kind: 'restart', at: 8 }).restart).toEqual({ at: 8, dismissed: false });
    expect(reduceRoom(put(told), { type: 'restart', dismissed: false }).restart).toEqual({ at: 7, dismissed: false });
    expect(put(inside).restart).toBeUndefined();
    expect(after(told, joined).restart).toEqual(told.restart);
  });

  it('keeps the lobby in order when a visitor is told again', () => {
    const two = after(inside, { type: 'visitor', id: 'v1', name: 'Finn', unchecked: true }, { type: 'visitor', id: 'v2', name: 'Lina' });
    expect(two.lobby).toEqual([{ id: 'v1', name: 'Finn', unchecked: true }, { id: 'v2', name: 'Lina' }]);
    expect(after(two, { type: 'visitor', id: 'v1', name: 'Finn' }).lobby).toEqual([{ id: 'v1', name: 'Finn' }, { id: 'v2', name: 'Lina' }]);
    expect(after(two, { type: 'visitorGone', id: 'v1' }).lobby).toEqual([{ id: 'v2', name: 'Lina' }]);
  });

  it('changes the code', () => {
    expect(after(inside, { type: 'code', code: 'Igel-17' }).room?.code).toBe('Igel-17');
  });

  it.each<ServerMessage>([{ type: 'ended', reason: 'replaced' }, { type: 'refused', code: 'room-full' }])('forgets the room with %o', (last) => {
    const over = after(inside, last);
    expect(over).toMatchObject({ participants: [], chat: [], room: undefined });
  });

  it('forgets people, chat and code on leaving', () => {
    const left = reduceRoom(inside, { type: 'left', now: 5 });
    expect(left).toMatchObject({ phase: { kind: 'left' }, participants: [], chat: [] });
    expect(JSON.stringify(left)).not.toContain('482713');
  });

  it('speaks of blocked media only when the session says so', () => {
    expect(after(inside, { type: 'error', code: 'media-failed' }).notice).toBeUndefined();
    expect(after(inside, { type: 'error', code: 'not-allowed' }).notice).toEqual({ kind: 'room-error', code: 'not-allowed' });
  });
});
