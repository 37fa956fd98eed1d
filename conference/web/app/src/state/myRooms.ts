import type { NewRoom, OwnRoom, RoomChange, RoomsProblem, RoomsResult } from '../signaling/rooms';
import { changeRoom, createRoom, deleteRoom, drawCode, fetchRooms } from '../signaling/rooms';
import { Store } from './store';

export interface MyRoomsState {
  /** undefined: not known yet. */
  readonly rooms: readonly OwnRoom[] | undefined;
  /** Why the list is not there. */
  readonly problem: RoomsProblem | undefined;
}

/** The rooms of who is logged in, as the server has them; what an action changed is shown at once. */
export class MyRooms {
  private readonly store = new Store<MyRoomsState, Partial<MyRoomsState>>({ rooms: undefined, problem: undefined }, (state, change) => ({
    ...state,
    ...change,
  }));

  readonly getState = this.store.getState;
  readonly subscribe = this.store.subscribe;

  async load(): Promise<void> {
    const result = await fetchRooms();
    this.store.dispatch(result.kind === 'ok' ? { rooms: result.value, problem: undefined } : { problem: result });
  }

  /** The new room comes first: it is the one somebody is looking for. */
  async create(room: NewRoom): Promise<RoomsResult<OwnRoom>> {
    const result = await createRoom(room);
    if (result.kind === 'ok') this.store.dispatch({ rooms: [result.value, ...this.rooms] });
    return result;
  }

  async change(id: string, change: RoomChange): Promise<RoomsResult<OwnRoom>> {
    return this.replace(await changeRoom(id, change));
  }

  async drawCode(id: string): Promise<RoomsResult<OwnRoom>> {
    return this.replace(await drawCode(id));
  }

  /** A room that is gone already counts as removed. */
  async remove(id: string): Promise<RoomsResult<true>> {
    const result = await deleteRoom(id);
    const gone = result.kind === 'ok' || result.kind === 'gone';
    if (gone) this.store.dispatch({ rooms: this.rooms.filter((room) => room.id !== id) });
    return gone ? { kind: 'ok', value: true } : result;
  }

  private replace(result: RoomsResult<OwnRoom>): RoomsResult<OwnRoom> {
    if (result.kind !== 'ok') return result;
    const { value } = result;
    this.store.dispatch({ rooms: this.rooms.map((room) => (room.id === value.id ? value : room)) });
    return result;
  }

  private get rooms(): readonly OwnRoom[] {
    return this.store.getState().rooms ?? [];
  }
}
