/** Browsers that ask for permissions in the same place. On iPhone and iPad every browser is Safari inside. */
export const browserFamilies = ['chromium', 'firefox', 'safari', 'ios'] as const;
export type BrowserFamily = (typeof browserFamilies)[number];

/** Reads navigator.userAgent, for the words of a hint and nothing else; it is never sent. An iPad calls itself a Macintosh, with fingers. */
export function browserFamily(userAgent: string, touchPoints: number): BrowserFamily {
  if (/iPad|iPhone|iPod/.test(userAgent) || (userAgent.includes('Macintosh') && touchPoints > 1)) return 'ios';
  if (userAgent.includes('Firefox/')) return 'firefox';
  if (/Chrome\/|Chromium\//.test(userAgent)) return 'chromium';
  return userAgent.includes('Safari/') ? 'safari' : 'chromium';
}
