/**
 * The least length of a secret: a shorter text would match ordinary words by chance, and no provider issues such short keys. The
 * redactors of the containers have the same limit:
 * MIN_KEY_LENGTH in runtimes/gateway/image/programs/decode.py and runtimes/portkey/image/decode.mjs.
 */
export const MIN_SECRET_LENGTH = 8;

/**
 * Makes a function that replaces secrets in a text, the longest first, since one may contain another.
 *
 * @param secrets those shorter than {@link MIN_SECRET_LENGTH} characters are not replaced.
 * @param mark the replacement.
 */
export function redactor(secrets: readonly string[], mark = '[key]'): (text: string) => string {
  const longestFirst = [...new Set(secrets)]
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((clean, secret) => clean.replaceAll(secret, mark), text);
}
