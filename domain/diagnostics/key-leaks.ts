/** Finds text that looks like a key where no key may be. Its messages never contain the key. */
import type { Problem, Position } from './problems.ts';
import type { Catalog } from '../schema/catalog-schema.ts';

/** What a provider's keys look like. */
export interface KeyPattern {
  /** The provider's name, for people. */
  name: string;
  /** The secret that holds its key. */
  key: string;
  pattern: string;
}

/** The patterns of the catalogue's providers. */
export function keyPatterns(catalog: Pick<Catalog, 'providers'>): KeyPattern[] {
  return Object.values(catalog.providers).flatMap(({ name, key, keyPattern }) =>
    keyPattern === undefined ? [] : [{ name, key, pattern: keyPattern }],
  );
}

/** Well-known key prefixes, for files that have no patterns of their own, or none that can be read yet. */
const WELL_KNOWN =
  /\b(sk|gsk|hf|pplx|tgp|pk|ghp|xox[a-z])[-_][A-Za-z0-9_-]{12,}|AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,}/;
/** A long run of upper case, lower case and digits, or of hex digits: not a word that people write. */
const RANDOM =
  /(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{24,}|[a-f0-9]{32,}/;

/** The pattern for files that are checked while the catalogue cannot be read. */
export const GENERIC_PATTERN: KeyPattern = {
  name: 'a provider',
  key: 'NAME_API_KEY',
  pattern: WELL_KNOWN.source,
};

/** Replaces a text that may hold a key in messages. */
export const HIDDEN = '(hidden: it looks like a key)';

/** Whether a text may hold a key, so that a message must not repeat it. Errs on the side of true. */
export function mayHoldKey(text: string): boolean {
  return WELL_KNOWN.test(text) || RANDOM.test(text);
}

/** A value as a message may show it: JSON, short, and hidden where it may be a key. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = JSON.stringify(value);
  if (mayHoldKey(text)) return HIDDEN;
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/**
 * Finds what looks like a key in a file's text, in comments and names as well as in values.
 *
 * @param text the file's text. Blank out the parts that may hold secrets.
 * @param position converts an offset of the text to line and column.
 */
export function findLeaks(
  text: string,
  file: string,
  patterns: readonly KeyPattern[],
  position: (offset: number) => Position,
): Problem[] {
  // A digest looks as random as a key, but is not a secret.
  const open = text.replace(/sha256:[0-9a-f]{64}/g, (digest) => ' '.repeat(digest.length));
  const found: { begin: number; end: number; patterns: KeyPattern[] }[] = [];
  for (const pattern of patterns) {
    const regex = compile(pattern.pattern);
    if (regex === undefined) continue;
    for (const match of open.matchAll(regex)) {
      if (match[0] === '' || isDigestInComment(open, match, pattern)) continue;
      const [begin, end] = [match.index, match.index + match[0].length];
      const same = found.find((one) => one.begin < end && begin < one.end);
      if (same) same.patterns.push(pattern);
      else found.push({ begin, end, patterns: [pattern] });
    }
  }
  return found.map(({ begin, patterns: matched }) => {
    const [first, ...others] = mostSpecific(matched);
    const names = [first, ...others].map((one) => one?.name).join(' or ');
    return {
      severity: 'error',
      file,
      ...position(begin),
      path: '',
      message: `this looks like a key of ${names}; keys are only ever kept as Pulumi secrets`,
      fix: `take it out, revoke it if the file was ever shared or committed, and set the new one: pulumi config set --secret ${first?.key}`,
    };
  });
}

/**
 * Whether a match is a bare sha256 digest in a comment. Keys of some providers have the same form; so it counts as a key where the line
 * mentions a key or the provider before it.
 */
function isDigestInComment(
  text: string,
  { 0: found, index }: RegExpExecArray,
  { name }: KeyPattern,
): boolean {
  if (!/^[0-9a-f]{64}$/.test(found)) return false;
  const before = text.slice(text.lastIndexOf('\n', index) + 1, index).toLowerCase();
  const isComment = /(?:^|\s)(?:#|\/\/)/.test(before);
  return (
    isComment && !/key|token|secret|bearer|auth|passw/.test(before) && !before.includes(name.toLowerCase())
  );
}

/** A pattern as a global expression; undefined where it is unusable, which the catalogue's checks report. */
function compile(pattern: string): RegExp | undefined {
  return unusable(pattern) === undefined ? new RegExp(pattern, 'g') : undefined;
}

/** Why a pattern cannot be used to search for keys; undefined where it can. */
export function unusable(pattern: string): string | undefined {
  // `(a+)+` on a long line: every further character doubles the time.
  if (/\((?:[^()\\]|\\.)*[+*](?:[^()\\]|\\.)*\)(?:[+*]|\{\d+,)/.test(pattern))
    return 'a nested repetition can take exponential time: rewrite it without one';
  try {
    return new RegExp(pattern).test('')
      ? 'this matches the empty string, so it would find nothing'
      : undefined;
  } catch {
    return 'this is not a valid regular expression';
  }
}

/** The patterns that begin with the longest literal text: `sk-ant-…` is Anthropic's, although `sk-…` matches it too. */
export function mostSpecific(patterns: readonly KeyPattern[]): KeyPattern[] {
  const literal = ({ pattern }: KeyPattern) => /^[A-Za-z0-9_-]*/.exec(pattern)?.[0].length ?? 0;
  const longest = Math.max(...patterns.map(literal));
  return patterns.filter((pattern) => literal(pattern) === longest);
}
