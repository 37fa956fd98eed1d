// A pretended class that speaks the server's side of docs/signaling.md to one page.

const names = [
  'Frau Ahorn', 'Mia Beispiel', 'Ben Muster', 'Elif Probe', 'Jonas Birke', 'Sophie Linde', 'Noah Ulme', 'Lina Esche', 'Paul Eiche', 'Amira Weide',
  'Leon Fichte', 'Marie-Theres von Hohenbuchen', 'Finn Tanne', 'Ayşe Kiefer',
];

export const person = (index, over = {}) => ({
  id: `p${String(index).padStart(4, '0')}`,
  name: names[index] ?? `Kind ${index}`,
  role: index === 0 ? 'organiser' : 'participant',
  mic: index === 0,
  camera: true,
  screen: false,
  ...over,
});

export const self = (over = {}) => ({ id: 'self', name: 'Alma Beispiel', role: 'participant', mic: false, camera: false, screen: false, ...over });

const openSettings = {
  locked: false, lobby: false, microphones: true, cameras: true, camerasTo: 'everyone', screens: true, chat: true, privateChat: false,
};

/**
 * Answers a page's WebSocket. `door` are messages before joined; `people` says who is inside. A page that comes back with its resume token
 * is let in at once, and unless `forgetsMedia` its media session goes on.
 */
export class Classroom {
  /**
   * @param {{people?: object[], me?: object, door?: object[], chat?: object[], code?: string, locked?: boolean, speakers?: string[],
   *   settings?: object, emergency?: boolean, pause?: number, lobby?: object[], ice?: object, title?: string, forgetsMedia?: boolean, counterpart?: object}} options
   */
  constructor(options = {}) {
    this.options = options;
    this.sent = [];
    this.sockets = [];
    this.refuseConnections = false;
    this.slots = undefined;
  }

  async attach(page) {
    await page.routeWebSocket(/\/api\/rooms\/[^/]+\/ws$/, (socket) => {
      if (this.refuseConnections) {
        void socket.close();
        return;
      }
      this.sockets.push(socket);
      socket.onMessage((text) => { this.receive(socket, JSON.parse(text)); });
    });
  }

  send(message) {
    this.sockets.at(-1)?.send(JSON.stringify(message));
  }

  drop() {
    void this.sockets.at(-1)?.close();
  }

  count(type) {
    return this.sent.filter((message) => message.type === type).length;
  }

  last(type) {
    return this.sent.findLast((message) => message.type === type);
  }

  receive(socket, message) {
    this.sent.push(message);
    const say = (answer) => socket.send(JSON.stringify(answer));
    switch (message.type) {
      case 'join':
        if (message.resume === 'x.y') this.resume(say, message.media === true && !this.options.forgetsMedia);
        else if (this.options.door) this.options.door.forEach(say);
        else this.admit(say);
        break;
      case 'code':
        if (message.code === '482713') this.admit(say);
        else say({ type: 'door', state: 'code', wrong: true, retryAfter: message.code === '000000' ? 8 : 0 });
        break;
      case 'offer':
        void this.connect(say, message.sdp);
        break;
      case 'chat':
        say({ type: 'chat', id: `c${this.sent.length}`, from: 'self', name: 'Alma Beispiel', text: message.text, at: 1_795_248_060_000, ...(message.to ? { to: message.to } : {}) });
        break;
      case 'setCode':
        say({ type: 'code', code: message.code });
        break;
      case 'settings': {
        const { type: _type, ...change } = message;
        this.options.settings = { ...this.settings(), ...change };
        say({ type: 'settings', ...this.options.settings });
        break;
      }
      case 'hand':
        this.change(say, 'self', { hand: message.up ? 9 : undefined });
        break;
      case 'react':
        say({ type: 'reaction', id: 'self', kind: message.kind });
        break;
      case 'newCode':
        say({ type: 'code', code: '731904' });
        break;
      case 'allow':
        this.change(say, message.participant, { except: { [message.what]: message.value === 'rule' ? undefined : message.value === 'yes' } });
        break;
      case 'lowerHand':
        for (const { id } of this.inside(message.participant)) this.change(say, id, { hand: undefined });
        break;
      case 'setRole':
        this.change(say, message.participant, { role: message.role });
        break;
      case 'emergency':
        this.emergency(say, message.on);
        break;
      case 'release':
        for (const { id } of this.inside(message.participant)) this.change(say, id, { held: undefined });
        break;
      case 'admit':
      case 'turnAway': {
        const gone = (v) => (message.visitor === undefined ? v.unchecked !== true : v.id === message.visitor);
        for (const { id } of (this.options.lobby ?? []).filter(gone)) say({ type: 'visitorGone', id });
        this.options.lobby = (this.options.lobby ?? []).filter((v) => !gone(v));
        break;
      }
      case 'end':
        say({ type: 'ended', reason: 'lesson-over', report: { participants: this.inside().length, messages: (this.options.chat ?? []).length, verified: true } });
        break;
      case 'toLobby':
      case 'remove':
        this.options.people = this.options.people.filter((p) => p.id !== message.participant);
        say({ type: 'participantLeft', id: message.participant });
        break;
      default:
        break;
    }
  }

  /** Who is inside, or the one who is named. */
  inside(id) {
    return [...(this.options.people ?? []), this.options.me ?? self()].filter((p) => id === undefined || p.id === id);
  }

  /** Changes somebody and tells it. */
  change(say, id, change) {
    const changed = (p) => (p.id === id ? { ...p, ...change } : p);
    this.options.people = (this.options.people ?? []).map(changed);
    this.options.me = changed(this.options.me ?? self());
    const [participant] = this.inside(id);
    if (participant) say({ type: 'participantChanged', participant });
  }

  emergency(say, on) {
    this.options.emergency = on;
    say({ type: 'emergency', on });
    for (const { id, role } of this.inside()) if (role !== 'organiser') this.change(say, id, { held: on || undefined, mic: false, camera: false, screen: false });
    if (!on) return;
    this.options.settings = { ...this.settings(), locked: true };
    say({ type: 'settings', ...this.options.settings });
    say({ type: 'code', code: '731904' });
  }

  settings() {
    return { ...openSettings, ...(this.options.locked ? { locked: true } : {}), ...this.options.settings };
  }

  admit(say, more = {}) {
    const { people = [], me = self(), chat = [], code, room = 'Klasse-5a', title, emergency = false, pause, lobby = [], ice } = this.options;
    say({
      type: 'joined', self: 'self', resume: 'x.y', participants: [...people, me], chat, slots: { audio: 8, video: 25 },
      settings: this.settings(), emergency, lobby, ...(pause ? { pause } : {}), ...(ice ? { ice } : {}), ...more,
      room: { name: room, maxParticipants: 70, screenShare: 'organisers', codeRequired: true, ...(title ? { title } : {}), ...(code ? { code } : {}) },
    });
  }

  resume(say, media) {
    this.admit(say, media ? { media: true } : {});
    if (!media) return;
    say(this.slots);
    say({ type: 'speakers', ids: this.options.speakers ?? [] });
  }

  async connect(say, sdp) {
    const { people = [], counterpart, speakers = [] } = this.options;
    const presenter = people.find((p) => p.screen);
    const shown = people.filter((p) => p.camera).slice(0, presenter ? 5 : 15);
    const pictures = shown.map((_, index) => ({ kind: 'face', hue: (index * 67) % 360, width: 320, height: 180 }));
    if (presenter) pictures.unshift({ kind: 'slide', hue: 0, width: 960, height: 540 });
    const answer = await counterpart.answer(sdp, pictures);
    say({ type: 'answer', sdp: answer.sdp });
    const video = [...(presenter ? [[presenter, 'screen']] : []), ...shown.map((p) => [p, 'camera'])];
    this.slots = {
      type: 'slots',
      audio: people.slice(0, 1).map((p, index) => ({ mid: answer.audio[index], participant: p.id })),
      video: video.slice(0, answer.video.length).map(([p, source], index) => ({ mid: answer.video[index], participant: p.id, source })),
    };
    say(this.slots);
    if (speakers.length > 0) say({ type: 'speakers', ids: speakers });
  }
}
