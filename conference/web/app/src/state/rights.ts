import type { Participant, Right, Settings, Source } from '../signaling/messages';

/** What one person may use. The server decides; the page computes the same, so that a button says no before it is pressed. */
export type Usable = Source | 'chat';

/** Why something may not be used; undefined: it may. */
export type Denial = 'held' | 'denied' | 'settings';

export const openSettings: Settings = {
  locked: false, lobby: false, microphones: true, cameras: true, camerasTo: 'everyone', screens: true, chat: true, privateChat: false,
};

const settingOf = { microphone: 'microphones', camera: 'cameras', screen: 'screens', chat: 'chat' } as const;

/** The rule of docs/classroom.md: organisers everything, who is held nothing, else the exception before the setting. */
export function denialOf(person: Participant | undefined, settings: Settings, what: Usable): Denial | undefined {
  if (!person || person.role === 'organiser') return undefined;
  if (person.held === true) return 'held';
  const exception = person.except?.[what];
  if (exception !== undefined) return exception ? undefined : 'denied';
  return settings[settingOf[what]] ? undefined : 'settings';
}

export function may(person: Participant | undefined, settings: Settings, what: Usable): boolean {
  return denialOf(person, settings, what) === undefined;
}

/** Whether an organiser has let this person speak, whatever the rules say. */
export function hasFloor(person: Participant | undefined): boolean {
  return person?.role === 'participant' && person.except?.microphone === true && person.held !== true;
}

/** Whether everybody sees this person's camera, or only organisers do. */
export function cameraForAll(person: Participant, settings: Settings): boolean {
  return person.role === 'organiser' || settings.camerasTo === 'everyone' || person.except?.shown === true;
}

/** What an organiser has settled for one person. */
export function grantOf(person: Participant, right: Right): 'yes' | 'no' | 'rule' {
  const exception = person.except?.[right];
  if (exception === undefined) return 'rule';
  return exception ? 'yes' : 'no';
}

/** To whom somebody may write in private: organisers always, others where the setting says so. Nobody while the chat is off for oneself. */
export function mayWriteTo(self: Participant | undefined, other: Participant, settings: Settings): boolean {
  if (!self || self.id === other.id || !may(self, settings, 'chat')) return false;
  return self.role === 'organiser' || other.role === 'organiser' || settings.privateChat;
}
