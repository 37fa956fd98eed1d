import type { moderation as german } from '../de/moderation';

export const moderation: typeof german = {
  door: {
    lobbyTitle: 'You are in the waiting room',
    lobby: 'Somebody will let you in shortly.',
    sentToLobby: 'The teacher has sent you to the waiting room. Somebody will let you in again shortly.',
    interrupted: 'The teacher is gone, so everybody waits outside. As soon as they are back you will be in the room again by itself.',
    interruptedHint: 'Just leave this window open. You will not need the room code again.',
    taken: 'Somebody else is teaching here. Your login does not count in this room; with the room code you come in like everybody else.',
  },

  muted: {
    organiser: {
      microphone: 'The teacher has muted your microphone.',
      camera: 'The teacher has switched your camera off.',
      screen: 'The teacher has ended your screen sharing.',
    },
    settings: {
      microphone: 'Your microphone is off: only those whom the teacher allows may speak now.',
      camera: 'Your camera is off: cameras are not allowed now.',
      screen: 'Your screen sharing has ended: sharing is not allowed now.',
    },
    emergency: {
      microphone: 'The teacher has stopped the lesson for a moment. Your microphone is off.',
      camera: 'The teacher has stopped the lesson for a moment. Your camera is off.',
      screen: 'The teacher has stopped the lesson for a moment. Your screen sharing has ended.',
    },
  },
};
