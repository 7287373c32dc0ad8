/** `[3, 270, 0]` for `v3.270.0`; what follows the numbers (`-alpha.1`, `+dirty`) is left out. Undefined if there is no version. */
export function parseVersion(text: string): [number, number, number] | undefined {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/** Whether `version` is `minimum` or newer. What is no version is never new enough. */
export function atLeast(version: string, minimum: string): boolean {
  const have = parseVersion(version);
  const want = parseVersion(minimum);
  if (!have || !want) return false;
  const position = have.findIndex((part, index) => part !== want[index]);
  return position === -1 || have[position]! > want[position]!;
}
