/** Chooses the keys of an env file, and refuses what cannot be a key. Pure. */
import { UserError } from '../console/errors.ts';
import { keyFault, keyPattern, ownerOfKey } from '../domain/checks/key-values.ts';
import { describeCharacter } from '../domain/diagnostics/characters.ts';
import { endsLikeKey, keyOfOwnName, nearKeyName } from '../domain/diagnostics/near-key-name.ts';
import { formatProblems, type Position, type Problem } from '../domain/diagnostics/problems.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';
import { firstKeys, keyBase, keyNamesOf } from '../domain/schema/provider-key-names.ts';
import type { EnvVariable, MalformedLine } from './env-file.ts';
import { noKeysIn, shownName, whyUnknown } from './unknown-keys.ts';

/** The keys of an env file. Apart from `keys`: names and line numbers, never a value. */
export interface ChosenKeys {
  /** The keys, each under its name in the catalogue. */
  keys: EnvVariable[];
  /** Lines that are ignored, and why. */
  ignored: { line: number; name: string; reason: string }[];
  /** Keys whose format is not that of their provider's keys. */
  unexpectedFormat: string[];
  /** What was read other than literally: names of other tools, values with invisible characters. */
  notes: string[];
}

/** What the keys are chosen for. */
export interface ImportTarget {
  catalog: Catalog;
  /** The file's name for messages; `-` for standard input. */
  file: string;
  stack: string;
}

/**
 * Chooses the keys of the catalogue among the variables of an env file.
 *
 * @throws UserError that lists every line that is refused, with line and column: nothing may be set then. A line is refused if it cannot be
 * read, if the value of a provider's key cannot be a key, or if the name is certainly meant for another key of the catalogue. Also thrown
 * if the file has no key of the catalogue.
 */
export function chooseKeys(
  variables: readonly EnvVariable[],
  malformed: readonly MalformedLine[],
  { catalog, file, stack }: ImportTarget,
): ChosenKeys {
  const known = firstKeys(catalog.providers).flatMap(keyNamesOf);
  const given = new Set(variables.map(({ name }) => name));
  const ignored: ChosenKeys['ignored'] = [];
  const notes: string[] = [];
  const refused: Problem[] = [];
  const shown = file === '-' ? 'standard input' : file;
  const refuse = ({ line, column }: Position, path: string, message: string, fix?: string) =>
    void refused.push({
      severity: 'error',
      file: shown,
      line,
      column,
      path,
      message,
      ...(fix ? { fix } : {}),
    });
  const chosen = new Map<string, EnvVariable>();
  for (const { name = '', reason, ...place } of malformed) refuse(place, shownName(name), reason);
  for (const variable of variables) {
    const name = keyOfOwnName(variable.name, known) ?? variable.name;
    const near = endsLikeKey(name) && !known.includes(name) ? nearKeyName(name, known) : undefined;
    if (name !== variable.name && given.has(name)) ignore(variable, `${name} is in the file too`);
    else if (known.includes(name)) choose({ ...variable, name }, variable.name);
    else if (near?.certain !== true) ignore(variable, whyUnknown(name, known, near?.name));
    else if (given.has(near.name))
      ignore(variable, `not a key of the catalogue; ${near.name} is in the file too`);
    else
      refuse(
        variable,
        name,
        `not a key of the catalogue; did you mean ${near.name}?`,
        `rename it to ${near.name}`,
      );
  }
  if (refused.length > 0)
    throw new UserError(`${refused.length === 1 ? 'a line is' : `${refused.length} lines are`} refused; nothing was set
${formatProblems(refused)}`); // prettier-ignore
  if (chosen.size === 0) throw noKeysIn(shown, ignored, known);
  const keys = [...chosen.values()];
  const unexpected = keys.filter(({ name, value }) => keyPattern(catalog, name)?.test(value) === false);
  return { keys, ignored, unexpectedFormat: unexpected.map(({ name }) => name), notes };

  function ignore({ line, name }: EnvVariable, reason: string): void {
    ignored.push({ line, name: shownName(name), reason });
  }

  /** Accepts a variable with a key's name, unless its value cannot be a key. */
  function choose(variable: EnvVariable, spelling: string): void {
    const { name, value, line, valueColumn, invisible } = variable;
    const at = { line, column: valueColumn };
    const fault = keyFault(catalog, name, value);
    const owner = fault ? undefined : ownerOfKey(catalog, name, value);
    const earlier = chosen.get(name);
    if (fault !== undefined) {
      const { message, index = 0, reader } = fault;
      const fix =
        reader === undefined
          ? 'write the key itself there, or remove the line'
          : `printf '${name}=%s' "$(${reader})" | ./switchyard keys import - ${stack}`;
      refuse({ line, column: valueColumn + index }, name, `the value ${message}`, fix);
    } else if (owner !== undefined) {
      const fix = `pulumi config set --secret ${name} --stack ${stack}   # if it is right nevertheless`;
      refuse(at, name, `the value looks like a key of ${owner}`, fix);
    } else if (invisible !== undefined && keyPattern(catalog, name)?.test(value) !== true) {
      // Only a value in the provider's format is certainly complete without it.
      const message = `the value contains ${describeCharacter(invisible.character)}`;
      refuse({ line, column: invisible.column }, name, message, 'copy the key again');
    } else if (earlier !== undefined && earlier.value !== value) {
      const message = `set twice, to different values: first in line ${earlier.line}`;
      refuse(
        variable,
        name,
        message,
        `keep one; a second key of the same provider is ${keyNamesOf(keyBase(name))[1]}`,
      );
    } else {
      chosen.set(name, variable);
      if (spelling !== name) notes.push(`${spelling} is read as ${name}`);
      if (invisible !== undefined)
        notes.push(`${name} is read without ${describeCharacter(invisible.character)} in its value`);
    }
  }
}
