/** The names of the secrets that hold providers' keys: `GROQ_API_KEY`, and the same name with a number for each further key. */

/** The numbers of a provider's further keys. */
const FURTHER: readonly number[] = [2, 3, 4, 5, 6, 7, 8, 9];

/** The range of further keys, for messages. */
export const FURTHER_KEYS = `_${FURTHER[0]} to _${FURTHER.at(-1)}`;

/** A provider's first key, as the source of an expression without anchors. */
const FIRST = '[A-Z][A-Z0-9]*_API_KEY';

/** The suffix of a further key, as the source of an expression without anchors. */
const NUMBER = `_[${FURTHER[0]}-${FURTHER.at(-1)}]`;

/** A provider's first key. */
export const FIRST_KEY = new RegExp(`^${FIRST}$`);

/** The word in the catalogue for a provider that takes requests without a key: a model server of your own. */
export const NO_KEY = 'none';

/**
 * The key that such a provider gets. Programs that call it want one, and LiteLLM would otherwise look for another provider's: for the prefix
 * `openai` it would send OpenAI's. It is not a secret.
 */
export const NO_KEY_VALUE = 'not-needed';

/** The name of any key, first or further, as the source of an expression without anchors. */
export const ANY_KEY_SOURCE = `${FIRST}(${NUMBER})?`;

/** The name of any key, first or further. */
export const ANY_KEY = new RegExp(`^${ANY_KEY_SOURCE}$`);

/** The names of a provider's keys in the order in which they are tried: `key`, `key_2`, …; none for a provider without a key. */
export function keyNamesOf(key: string): string[] {
  return key === NO_KEY ? [] : [key, ...FURTHER.map((number) => `${key}_${number}`)];
}

/** The first keys of a catalogue's providers, without those that take requests without a key. */
export function firstKeys(providers: Readonly<Record<string, { key: string }>>): string[] {
  return Object.values(providers).flatMap(({ key }) => (key === NO_KEY ? [] : [key]));
}

/** The name without the number of a further key: `OPENAI_API_KEY_2` → `OPENAI_API_KEY`. */
export function keyBase(name: string): string {
  return name.replace(new RegExp(`${NUMBER}$`), '');
}
