const paths = {
  mic: 'M12 15a3.5 3.5 0 0 0 3.5-3.5v-5a3.5 3.5 0 0 0-7 0v5A3.5 3.5 0 0 0 12 15Zm6.5-3.5a6.5 6.5 0 0 1-13 0M12 18v3.5m-3.5 0h7',
  micOff: 'M8.5 8.5v3a3.5 3.5 0 0 0 5.4 2.9m1.6-3v-5a3.5 3.5 0 0 0-6.6-1.6M18.5 11.5a6.5 6.5 0 0 1-.9 3.3m-2.3 2.3a6.5 6.5 0 0 1-9.8-5.6M12 18v3.5m-3.5 0h7M3.5 3.5l17 17',
  camera: 'M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2Zm11 4 6-3.5v10l-6-3.5',
  cameraOff: 'M10 6.5h3.5a2 2 0 0 1 2 2V12m0 3.5a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h1m10 4 6-3.5v10l-3-1.7M3.5 3.5l17 17',
  screen: 'M4 4.5h16a1.5 1.5 0 0 1 1.5 1.5v9.5A1.5 1.5 0 0 1 20 17H4a1.5 1.5 0 0 1-1.5-1.5V6A1.5 1.5 0 0 1 4 4.500ZM8.500 20.500h7M12 14V8m-2.800 2.600L12 7.800l2.800 2.800',
  chat: 'M4.500 4.500h15a2 2 0 0 1 2 2v8.500a2 2 0 0 1-2 2H11l-5 4v-4H4.500a2 2 0 0 1-2-2V6.500a2 2 0 0 1 2-2ZM7.500 9h9m-9 3.500h6',
  people: 'M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-6.500 8c0-3 2.500-5 6.500-5s6.500 2 6.500 5m.5-8a3 3 0 0 0 0-6.500m2 9.800c2.200.7 3.500 2.300 3.500 4.700',
  invite: 'M10 14a4.500 4.500 0 0 0 6.400.3l3-3a4.500 4.500 0 0 0-6.400-6.400l-1.500 1.500M14 10a4.500 4.500 0 0 0-6.400-.3l-3 3a4.500 4.500 0 0 0 6.400 6.400l1.500-1.500',
  leave: 'M14 4H6.500A1.500 1.500 0 0 0 5 5.500v13A1.500 1.500 0 0 0 6.500 20H14m2-12 4.500 4-4.500 4m4.500-4H10',
  close: 'm6 6 12 12M18 6 6 18',
  check: 'm5 12.500 4.500 4.500L19.500 7',
  send: 'M4 12 20.500 4.500 14 20.500l-2.500-6.500L4 12Zm7.500 2 4-4.500',
  left: 'm14.500 5-7 7 7 7',
  right: 'm9.500 5 7 7-7 7',
  warning: 'M12 4 2.800 20h18.400L12 4Zm0 6v4.500m0 2.800v.2',
  speaker: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4Zm11.500-1a5 5 0 0 1 0 7m2.500-9.500a8.500 8.500 0 0 1 0 12',
  shield: 'M12 3 4.500 6v5.500c0 4.500 3 8 7.500 9.500 4.500-1.500 7.500-5 7.500-9.500V6L12 3Zm-3.500 9 2.500 2.500 4.500-5',
} as const;

export type IconName = keyof typeof paths;

/** A line drawing; it never carries meaning alone, so it is hidden from screen readers. */
export function Icon({ name, size = 24 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
