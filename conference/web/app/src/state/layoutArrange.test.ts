import { describe, expect, it } from 'vitest';
import type { Participant } from '../signaling/messages';
import { arrange } from './layoutArrange';
import type { ViewChoice } from './layoutChoice';
import { decodeView, plainView } from './layoutChoice';

const person = (id: string, over: Partial<Participant> = {}): Participant => ({
  id, name: id, role: 'participant', mic: false, camera: true, screen: false, ...over,
});
const teacher = person('t', { role: 'organiser' });
const me = person('me');
const people = [teacher, person('a'), person('b'), person('c'), me];

const show = (choice: Partial<ViewChoice>, participants = people, speaker?: string) => {
  const { main, tiles, keepsPlace } = arrange({ participants, self: 'me', choice: { ...plainView, ...choice }, speaker });
  return { main: main && `${main.person.id} ${main.source}`, tiles: tiles.map((p) => p.id).join(' '), keepsPlace };
};

describe('arrange', () => {
  it.each<[string, Partial<ViewChoice>, string | undefined, string | undefined, string]>([
    ['a grid of all', {}, 'a', undefined, 'me t a b c'],
    ['the speaker large, nobody else moves', { layout: 'speaker' }, 'b', 'b camera', 'me t a b c'],
    ['the teacher while nobody has spoken', { layout: 'speaker' }, undefined, 't camera', 'me t a b c'],
    ['the teacher large', { layout: 'teacher' }, 'b', 't camera', 'me a b c'],
    ['a pinned person before the speaker', { layout: 'speaker', pinned: 'c' }, 'b', 'c camera', 'me t a b'],
    ['a pinned person in the grid', { pinned: 'c' }, 'b', 'c camera', 'me t a b'],
    ['nothing of a pinned person who has left', { pinned: 'z' }, 'b', undefined, 'me t a b c'],
    ['not oneself large', { pinned: 'me' }, 'b', undefined, 'me t a b c'],
    ['only the teacher and oneself', { teacherOnly: true }, 'b', undefined, 'me t'],
    ['nobody of the class large then', { teacherOnly: true, layout: 'speaker' }, 'b', 't camera', 'me'],
    ['the others without oneself', { hideSelf: true }, 'b', undefined, 't a b c'],
  ])('shows %s', (_what, choice, speaker, main, tiles) => {
    expect(show(choice, people, speaker)).toMatchObject({ main, tiles });
  });

  it('puts a shared screen before everything, and a pinned person first beside it', () => {
    const sharing = people.map((p) => (p.id === 'a' ? { ...p, screen: true } : p));
    expect(show({ layout: 'teacher', pinned: 'c' }, sharing)).toMatchObject({ main: 'a screen', tiles: 'c me t a b' });
    expect(show({ teacherOnly: true }, sharing)).toMatchObject({ main: undefined, tiles: 'me t' });
    expect(show({ audioOnly: true }, sharing)).toMatchObject({ main: undefined });
  });

  it('does not show one’s own screen to oneself', () => {
    expect(show({}, [...people.slice(0, -1), { ...me, screen: true }]).main).toBeUndefined();
  });

  it('lets an organiser see the class, whatever is remembered', () => {
    expect(show({ teacherOnly: true }, [...people.slice(0, -1), { ...me, role: 'organiser' }]).tiles).toBe('me t a b c');
  });

  it('shows oneself while alone, and two people without a second place', () => {
    expect(show({ hideSelf: true }, [me]).tiles).toBe('me');
    expect(show({ layout: 'speaker' }, [teacher, me])).toEqual({ main: 't camera', tiles: 'me', keepsPlace: false });
    expect(show({ layout: 'teacher' }, [me])).toMatchObject({ main: undefined, tiles: 'me' });
  });

  it('takes the organiser with a camera for the teacher', () => {
    expect(show({ layout: 'teacher' }, [person('o', { role: 'organiser', camera: false }), teacher, me]).main).toBe('t camera');
  });
});

describe('decodeView', () => {
  it.each([
    ['', plainView],
    ['[]', plainView],
    ['{"layout":"theatre","audioOnly":"yes"}', plainView],
    ['{"layout":"teacher","pinned":"a","audioOnly":true,"teacherOnly":true,"hideSelf":true}', { layout: 'teacher', pinned: 'a', audioOnly: true, teacherOnly: true, hideSelf: true }],
  ])('reads %s', (text, choice) => {
    expect(decodeView(text)).toEqual(choice);
  });
});
