/** Texts of all characters for fast-check, whose own `unit: 'binary'` builds a table of a million characters: 2 s of CPU per test file. */
import fc from 'fast-check';

/**
 * Any text: half of them ASCII, with words that are special to JavaScript; half of any code points, lone surrogates included.
 *
 * @param minLength in code points; `maxLength` likewise.
 */
export function anyText({
  minLength = 0,
  maxLength = 20,
}: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<string> {
  const codePoints = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: 0x10ffff })),
    { minLength, maxLength },
  );
  const ofAnyKind = codePoints.map((points) => String.fromCodePoint(...points));
  return fc.oneof(fc.string({ minLength, maxLength }), ofAnyKind);
}
