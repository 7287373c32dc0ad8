/** Explains names that are not keys of the catalogue. Pure; no value is ever repeated. */
import { UserError } from '../console/errors.ts';
import { HIDDEN, mayHoldKey } from '../domain/diagnostics/key-leaks.ts';
import { listNames } from '../domain/diagnostics/suggest.ts';
import { keyNamesOf } from '../domain/schema/provider-key-names.ts';

/**
 * Why a name is ignored.
 *
 * @param near the key that was probably meant.
 */
export function whyUnknown(name: string, known: readonly string[], near?: string): string {
  const base = name.replace(/_\d+$/, '');
  if (base !== name && known.includes(base))
    return `not a key of the catalogue: ${base} has further keys up to ${keyNamesOf(base).at(-1)}`;
  return `not a key of the catalogue${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** A name for a message. A pasted key that ends in `=` is read as a name, and is hidden. */
export function shownName(name: string): string {
  return mayHoldKey(name) ? HIDDEN : name;
}

/** The error about a file without any key of the catalogue. */
export function noKeysIn(
  file: string,
  ignored: readonly { line: number; name: string; reason: string }[],
  known: readonly string[],
): UserError {
  const found = ignored.slice(0, 5).map(({ line, name, reason }) => `line ${line}: ${name}: ${reason}`);
  const more = ignored.length > found.length ? [`and ${ignored.length - found.length} more lines`] : [];
  return new UserError('there is no key of the catalogue in this file; nothing was set', {
    where: file,
    found: ignored.length === 0 ? 'no assignment' : [...found, ...more].join('\n           '),
    allowed: listNames(known.filter((name) => !/_\d$/.test(name))),
  });
}
