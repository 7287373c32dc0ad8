/** Plans an import of keys: what is done with each line of an env file. Pure. */
import { UserError } from '../console/errors.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';
import { keyBase, keyNamesOf } from '../domain/schema/provider-key-names.ts';
import type { EnvVariable } from './env-file.ts';
import { isPlaceholder, keyPattern, ownerOfKey, whyUnknown } from './key-suggestions.ts';

/** What an import does with each line of the file. Apart from `set`: names and line numbers, never a value. */
export interface ImportPlan {
  /** New or changed keys. */
  set: EnvVariable[];
  /** Keys that the stack has already with the same value. */
  unchanged: string[];
  /** Lines that are ignored, and why. */
  ignored: { line: number; name?: string; reason: string }[];
  /** Keys that are set although their format is not that of their provider's keys. */
  unexpectedFormat: string[];
}

/**
 * Plans the import of each variable.
 *
 * @param malformed the numbers of lines that are not assignments.
 * @param present the stack's secrets, decrypted.
 * @throws UserError if a known name has a value that cannot be a key, or two different values: nothing is set then.
 */
export function planImport(
  variables: readonly EnvVariable[],
  malformed: readonly number[],
  catalog: Catalog,
  present: Readonly<Record<string, string>>,
): ImportPlan {
  const known = new Set(Object.values(catalog.providers).flatMap(({ key }) => keyNamesOf(key)));
  const plan: ImportPlan = { set: [], unchanged: [], ignored: [], unexpectedFormat: [] };
  for (const line of malformed) plan.ignored.push({ line, reason: 'not understood; expected NAME=value' });
  const chosen = new Map<string, EnvVariable>();
  for (const variable of variables) {
    const { name, value, line } = variable;
    const earlier = chosen.get(name);
    if (!known.has(name)) plan.ignored.push({ line, name, reason: whyUnknown(name, [...known]) });
    else if (value === '') plan.ignored.push({ line, name, reason: 'empty' });
    else if (isPlaceholder(catalog, name, value))
      plan.ignored.push({ line, name, reason: 'a placeholder, not a key; replace it with your key' });
    else if (/[^\x21-\x7e]/.test(value)) {
      throw new UserError(
        `the value of ${name} cannot be a key: it contains a space or a character that is not allowed in a header`,
        {
          where: `line ${line}`,
          allowed: 'letters, digits and punctuation; nothing was set',
        },
      );
    } else if (earlier !== undefined && earlier.value !== value) {
      throw new UserError(`${name} is set twice, to different values`, {
        where: `lines ${earlier.line} and ${line}`,
        allowed: `one of them; a second key of the same provider is ${keyNamesOf(keyBase(name))[1]}. Nothing was set`,
      });
    } else chosen.set(name, variable);
  }
  for (const variable of chosen.values()) {
    refuseOtherProvidersKey(catalog, variable);
    if (present[variable.name] === variable.value) plan.unchanged.push(variable.name);
    else plan.set.push(variable);
    if (keyPattern(catalog, variable.name)?.test(variable.value) === false)
      plan.unexpectedFormat.push(variable.name);
  }
  plan.ignored.sort((a, b) => a.line - b.line);
  return plan;
}

/** Refuses a key under another provider's name: it would be sent to that provider. */
function refuseOtherProvidersKey(catalog: Catalog, { name, value, line }: EnvVariable): void {
  const owner = ownerOfKey(catalog, name, value);
  if (owner === undefined) return;
  throw new UserError(`the value of ${name} looks like a key of ${owner}`, {
    where: `line ${line}`,
    allowed: `a key of the provider that ${name} belongs to; nothing was set`,
    command: `pulumi config set --secret ${name}   # if it is right nevertheless`,
  });
}
