/** A code of digits in groups of three, easier to read out and to copy; blanks do not count when it is typed. Other codes stay as they are. */
export function spacedCode(code: string): string {
  return /^\d{6,}$/.test(code) ? code.replace(/\d{3}(?=\d)/g, '$& ') : code;
}
