/** Whether this is a phone: a coarse pointer and a short side. It decides how many video slots are asked for, nothing else. */
export function isPhone(): boolean {
  return window.matchMedia('(pointer: coarse)').matches && Math.min(window.screen.width, window.screen.height) < 600;
}
