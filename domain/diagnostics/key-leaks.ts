/** Finds what looks like a key where no key belongs, without ever repeating it. */
import type { Problem, Place } from './problems.ts';
import type { Catalog } from '../schema/catalog-schema.ts';

/** How a provider's keys look. */
export interface KeyPattern {
  /** The provider's name, for people. */
  name: string;
  /** The secret that holds its key. */
  key: string;
  pattern: string;
}

/** The patterns of the catalogue's providers. */
export function keyPatterns(catalog: Pick<Catalog, 'providers'>): KeyPattern[] {
  return Object.values(catalog.providers).map(({ name, key, keyPattern }) => ({
    name,
    key,
    pattern: keyPattern,
  }));
}

/** Known beginnings of keys, for messages about a file that has no patterns of its own (yet). */
const WELL_KNOWN =
  /\b(sk|gsk|hf|pplx|tgp|pk|ghp|xox[a-z])[-_][A-Za-z0-9_-]{12,}|AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,}/;
/** A long run with upper case, lower case and digits: no word anybody writes. */
const RANDOM =
  /(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{24,}|[a-f0-9]{32,}/;

/** For files that are checked while the catalogue cannot be read. */
export const GENERIC_PATTERN: KeyPattern = {
  name: 'a provider',
  key: 'NAME_API_KEY',
  pattern: WELL_KNOWN.source,
};

/** What a message says in place of a text that may hold a key. */
export const HIDDEN = '(hidden: it looks like a key)';

/** Whether a text may hold a key, so that a message must not repeat it. Rather too often than too seldom. */
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
 * What looks like a key in a file's text: comments, names and values alike.
 *
 * @param text the file's text; pass what is allowed to hold secrets blanked out.
 * @param place from an offset of the text to line and column.
 */
export function findLeaks(
  text: string,
  file: string,
  patterns: readonly KeyPattern[],
  place: (offset: number) => Place,
): Problem[] {
  // A digest is as random as a key, and no secret.
  const open = text.replace(/sha256:[0-9a-f]{64}/g, (digest) => ' '.repeat(digest.length));
  const found: { begin: number; end: number; patterns: KeyPattern[] }[] = [];
  for (const pattern of patterns) {
    const regex = compile(pattern.pattern);
    if (regex === undefined) continue;
    for (const match of open.matchAll(regex)) {
      if (match[0] === '') continue;
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
      ...place(begin),
      path: '',
      message: `this looks like a key of ${names}; keys are only ever kept as Pulumi secrets`,
      fix: `take it out, revoke it if the file was ever shared or committed, and set the new one: pulumi config set --secret ${first?.key}`,
    };
  });
}

/** A pattern as a global expression; undefined where it is not usable, which the catalogue's checks report. */
function compile(pattern: string): RegExp | undefined {
  return unusable(pattern) === undefined ? new RegExp(pattern, 'g') : undefined;
}

/** Why a pattern cannot be searched for, in words; undefined where it can. */
export function unusable(pattern: string): string | undefined {
  // `(a+)+` on a long line: the time grows with every character twofold.
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

/** Those whose pattern begins with the longest plain text: `sk-ant-…` is Anthropic's although `sk-…` matches it too. */
function mostSpecific(patterns: readonly KeyPattern[]): KeyPattern[] {
  const literal = ({ pattern }: KeyPattern) => /^[A-Za-z0-9_-]*/.exec(pattern)?.[0].length ?? 0;
  const longest = Math.max(...patterns.map(literal));
  return patterns.filter((pattern) => literal(pattern) === longest);
}
