/** What an import of keys does with each line of an env file. Pure. */
import { UserError } from '../console/errors.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';
import { keyBase, keyNamesOf } from '../domain/schema/provider-key-names.ts';
import type { EnvVariable } from './env-file.ts';
import { isPlaceholder, keyPattern, ownerOfKey, whyUnknown } from './key-advice.ts';

/** What an import does with each line of the file: names and line numbers, never a value. */
export interface ImportPlan {
  /** New or changed keys. */
  set: EnvVariable[];
  /** Keys that the stack has already, with this very value. */
  unchanged: string[];
  /** What is left alone, and why. */
  ignored: { line: number; name?: string; reason: string }[];
  /** Keys that are set although they do not look like their provider's. */
  odd: string[];
}

/**
 * Decides about each variable.
 *
 * @param malformed the lines that are no assignments.
 * @param present the stack's secrets, decrypted.
 * @throws UserError if a known name has a value that cannot be a key, or two different ones: nothing is set then.
 */
export function planImport(
  variables: readonly EnvVariable[],
  malformed: readonly number[],
  catalog: Catalog,
  present: Readonly<Record<string, string>>,
): ImportPlan {
  const known = new Set(Object.values(catalog.providers).flatMap(({ key }) => keyNamesOf(key)));
  const plan: ImportPlan = { set: [], unchanged: [], ignored: [], odd: [] };
  for (const line of malformed) plan.ignored.push({ line, reason: 'not understood; expected: NAME=value' });
  const chosen = new Map<string, EnvVariable>();
  for (const variable of variables) {
    const { name, value, line } = variable;
    const earlier = chosen.get(name);
    if (!known.has(name)) plan.ignored.push({ line, name, reason: whyUnknown(name, [...known]) });
    else if (value === '') plan.ignored.push({ line, name, reason: 'empty' });
    else if (isPlaceholder(catalog, name, value))
      plan.ignored.push({ line, name, reason: 'a placeholder, not a key; put your key in its place' });
    else if (/[^\x21-\x7e]/.test(value)) {
      throw new UserError(
        `the value of ${name} cannot be a key: it has a space or a character that no header takes`,
        {
          where: `line ${line}`,
          allowed: 'letters, digits and punctuation; nothing was set',
        },
      );
    } else if (earlier !== undefined && earlier.value !== value) {
      throw new UserError(`${name} is there twice, with different values`, {
        where: `lines ${earlier.line} and ${line}`,
        allowed: `one of them; a second key of the same provider is ${keyNamesOf(keyBase(name))[1]}. Nothing was set`,
      });
    } else chosen.set(name, variable);
  }
  for (const variable of chosen.values()) {
    refuseForeignKey(catalog, variable);
    if (present[variable.name] === variable.value) plan.unchanged.push(variable.name);
    else plan.set.push(variable);
    if (keyPattern(catalog, variable.name)?.test(variable.value) === false) plan.odd.push(variable.name);
  }
  plan.ignored.sort((a, b) => a.line - b.line);
  return plan;
}

/** One provider's key under another one's name would be sent to that other one. */
function refuseForeignKey(catalog: Catalog, { name, value, line }: EnvVariable): void {
  const owner = ownerOfKey(catalog, name, value);
  if (owner === undefined) return;
  throw new UserError(`the value of ${name} looks like a key of ${owner}`, {
    where: `line ${line}`,
    allowed: `a key of the provider that ${name} belongs to; nothing was set`,
    command: `pulumi config set --secret ${name}   # if it is right all the same`,
  });
}
