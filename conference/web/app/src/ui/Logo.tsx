/** The mark: a circle with a gap, and somebody coming in. */
export function Logo({ size = 36 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle cx="16" cy="16" r="16" fill="#0b6e5f" />
      <circle
        cx="16" cy="16" r="8.5" fill="none" stroke="#fff" strokeWidth="3" strokeDasharray="41 12.4" strokeLinecap="round"
        transform="rotate(-3 16 16)"
      />
      <circle cx="22.2" cy="9.8" r="2.6" fill="#ffc94d" />
    </svg>
  );
}
