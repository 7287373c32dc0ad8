/** Invisible and other unexpected characters in what people paste. */

/** A character that prints nothing: zero-width characters, direction marks, the soft hyphen, the byte order mark. */
export const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u;

const NAMES: Readonly<Record<string, string>> = {
  '\t': 'a tab',
  '\n': 'a line break',
  '\r': 'a line break',
  ' ': 'a space',
  '\u00A0': 'a no-break space',
  '\u00AD': 'a soft hyphen',
  '\u200B': 'a zero-width space',
  '\u200C': 'a zero-width non-joiner',
  '\u200D': 'a zero-width joiner',
  '\u200E': 'a left-to-right mark',
  '\u200F': 'a right-to-left mark',
  '\u2060': 'a word joiner',
  '\uFEFF': 'a byte order mark',
  '\u2018': 'a curly quote',
  '\u2019': 'a curly quote',
  '\u201C': 'a curly quote',
  '\u201D': 'a curly quote',
};

/** A character for a message: `a zero-width space (U+200B)`. A character without a name here is only numbered. */
export function describeCharacter(character: string): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const name = NAMES[character];
  return name === undefined ? `the character ${code}` : `${name} (${code})`;
}
