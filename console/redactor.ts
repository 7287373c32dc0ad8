/**
 * A shorter text would match ordinary words by chance, and nobody issues such keys. The redactors of the containers have the same bound:
 * SHORTEST in runtimes/gateway/programs/decode.py and runtimes/portkey/image/decode.mjs.
 */
export const SHORTEST_SECRET = 8;

/**
 * A function that takes the given texts out of any other, the longest first: one may lie in another.
 *
 * @param secrets those of less than {@link SHORTEST_SECRET} characters stay.
 * @param mark what stands in their place.
 */
export function redactor(secrets: readonly string[], mark = '[key]'): (text: string) => string {
  const longestFirst = [...new Set(secrets)]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((clean, secret) => clean.replaceAll(secret, mark), text);
}
