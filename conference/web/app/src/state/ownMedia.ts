import { assertNever } from '../assertNever';
import type { LocalState } from '../rtc/localMedia';
import type { ClientMessage, Source } from '../signaling/messages';
import { may } from './rights';
import type { RoomState } from './room';
import { selfOf } from './room';

/** The devices, as far as they are needed here: LocalMedia. */
export interface Devices {
  readonly getState: () => Pick<LocalState, 'mic' | 'camera' | 'screen'>;
  readonly setMic: (on: boolean) => Promise<void>;
  readonly setCamera: (on: boolean) => Promise<void>;
  readonly setScreen: (on: boolean) => Promise<void>;
}

/** What one sends: nothing that may not be sent just now, and the server knows of it. */
export class OwnMedia {
  private told = '';

  /** `inside` is the room while one is in it, undefined: one is not. */
  constructor(
    private readonly devices: Devices,
    private readonly inside: () => RoomState | undefined,
    private readonly send: (message: ClientMessage) => void,
  ) {}

  /** Nothing goes on running on this side that may not be used any more. */
  obey(): void {
    const { mic, camera, screen } = this.devices.getState();
    if (mic && !this.may('microphone')) this.switchOff('microphone');
    if (camera && !this.may('camera')) this.switchOff('camera');
    if (screen && !this.may('screen')) this.switchOff('screen');
  }

  switchOff(source: Source): void {
    switch (source) {
      case 'microphone':
        void this.devices.setMic(false);
        break;
      case 'camera':
        void this.devices.setCamera(false);
        break;
      case 'screen':
        void this.devices.setScreen(false);
        break;
      default:
        assertNever(source);
    }
  }

  /** Tells the server what is on, if it has changed. */
  tell(): void {
    if (!this.inside()) return;
    const { mic, camera, screen } = this.devices.getState();
    const message: ClientMessage = {
      type: 'state', mic: mic && this.may('microphone'), camera: camera && this.may('camera'), screen: screen && this.may('screen'),
    };
    const key = JSON.stringify(message);
    if (key === this.told) return;
    this.told = key;
    this.send(message);
  }

  /** Tells a server that may know nothing of it. */
  tellAnew(): void {
    this.told = '';
    this.tell();
  }

  private may(source: Source): boolean {
    const room = this.inside();
    return room === undefined || may(selfOf(room), room.settings, source);
  }
}
