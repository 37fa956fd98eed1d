/** Ends a switch over a discriminated union: a forgotten case is a compile error, an impossible value a bug. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value of type ${typeof value}`);
}
