import type { Texts } from '../de';

const remedies = (device: string): Texts['media']['problem']['camera']['texts'] => ({
  denied: {
    chromium: `Click the symbol to the left of the address, set the ${device} to “Allow”, and try again.`,
    firefox: 'Click the crossed-out symbol to the left of the address, remove “Blocked” there, and try again.',
    safari: `In the Safari menu open “Settings for this Website”, set the ${device} to “Allow”, and try again.`,
    ios: `Tap the page menu in the address bar, then “Website Settings”, set the ${device} to “Allow”, and try again.`,
  },
  system: `Your computer keeps the browser from the ${device}. Allow it in the privacy settings of the system, restart the browser, and try again.`,
  missing: 'No device was found. Plug one in and try again.',
  'in-use': 'Another program is using the device. Close that program or the other tab and try again.',
  insecure: 'This page was opened without encryption. Open it with https:// at the beginning of the address.',
  unsupported: `This browser cannot use the ${device} here. Please use a current browser.`,
  other: 'That did not work. Please try again.',
});

export const media: Texts['media'] = {
  view: {
    title: 'View and devices',
    short: 'View',
    layout: 'Arrangement',
    layouts: { grid: 'Everybody the same size', speaker: 'Whoever speaks, large', teacher: 'Teacher large' },
    pinned: (name: string) => `Kept large: ${name}`,
    unpin: 'Let go',
    pictures: 'Pictures',
    audioOnly: 'Sound only',
    audioOnlyHint: 'Saves most: you hear everybody, but send and see no pictures.',
    teacherOnly: 'Teacher only',
    teacherOnlyHint: 'You see only the picture and screen of the teacher.',
    hideSelf: 'Hide my own picture',
    hideSelfHint: 'The others go on seeing you.',
    sharing: 'Share the screen',
    motion: 'Show films smoothly',
    motionHint: 'For videos. Without it text stays sharp.',
    devices: 'Devices',
    line: 'Line',
    levels: { good: 'Your line is good.', weak: 'Your line is weak.', bad: 'Your line is very weak.' },
    paths: { udp: 'Picture and sound go straight to the server (UDP).', tcp: 'Picture and sound take the detour over TCP 443, because your network lets no UDP through.' },
    noPath: 'Picture and sound are being connected.',
    figures: (rtt: number, loss: string) => `There and back: ${rtt} ms, lost: ${loss} %`,
  },
  audioOnlyOn: 'Sound only: no pictures are transmitted.',
  picturesBack: 'Show pictures',
  teacherOnlyOn: 'You see only the teacher.',
  showAll: 'Show everybody',

  tile: {
    pin: (name: string) => `Show ${name} large`,
    unpin: (name: string) => `Show ${name} no longer large`,
    hand: 'hand raised',
    held: 'stopped',
    shownLarge: 'shown large',
    line: { weak: 'weak line', bad: 'very weak line' },
  },

  line: {
    upload: 'Your line is weak at the moment: the others see and hear you badly.',
    download: 'Your line is weak at the moment: picture and sound reach you badly.',
    delay: 'Your line is slow at the moment: everything arrives with a delay.',
    server: 'Many have trouble at the moment. It is not your line, but the server or the shared network.',
    other: (name: string) => `The line of ${name} is weak. Picture and sound from there may falter.`,
    offer: 'Without pictures it usually works better.',
    audioOnly: 'Sound only',
    cameraOff: 'Switch camera off',
    dismiss: 'Close this hint',
  },

  share: {
    phone: 'On this device the browser cannot share the screen. Use a computer for that.',
    browser: 'This browser cannot share the screen. Use a current Firefox, Chrome, Edge or Safari.',
  },

  problem: {
    microphone: { title: 'Microphone not available', texts: remedies('microphone') },
    camera: { title: 'Camera not available', texts: remedies('camera') },
    screen: {
      title: 'The screen cannot be shared',
      text: 'Check whether your system lets the browser record the screen, and try again.',
    },
    without: 'You can also join without it.',
    retry: 'Try again',
  },
  replaced: {
    microphone: (label: string) => `The microphone is gone. Now in use: ${label}`,
    camera: (label: string) => `The camera is gone. Now in use: ${label}`,
    speaker: (label: string) => `The headphones or speaker are gone. Now in use: ${label}`,
    default: 'the default device',
  },
  interrupted: {
    microphone: 'Your device has stopped the microphone, perhaps for a call. Nobody hears you at the moment.',
    camera: 'Your device has stopped the camera, perhaps for another app. Nobody sees you at the moment.',
    resume: 'Switch on again',
  },
};
