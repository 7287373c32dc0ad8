/** The problems of a new virtual key, in terms of the options of `keys add` that gave it. Pure. */
import { UserError } from '../console/errors.ts';
import { formatProblems, hasErrors, type Problem } from '../domain/diagnostics/problems.ts';

/** The options by the settings that they become; of the others the name is `<alias>`. */
const OPTIONS: Readonly<Record<string, string>> = {
  owner: '--owner',
  models: '--model',
  lanes: '--lane',
  budget: '--budget',
  requestsPerMinute: '--requests-per-minute',
  tokensPerMinute: '--tokens-per-minute',
  parallelRequests: '--parallel-requests',
  expires: '--expires',
};

/**
 * The error for a new key that the settings must not have; undefined if they may.
 *
 * @param problems those of the settings with the key. Of the key's own the error names the option, since nobody wrote them into a file;
 *   others are reported as they are.
 */
export function newKeyError(alias: string, problems: readonly Problem[]): UserError | undefined {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (!hasErrors(errors)) return undefined;
  const told = errors.map((problem) => ({ problem, option: optionOf(alias, problem.path) }));
  const own = told.flatMap(({ problem, option }) =>
    option === undefined ? [] : [`${option}: ${problem.message}`],
  );
  const others = told.flatMap(({ problem, option }) => (option === undefined ? [problem] : []));
  return new UserError(
    [...own, ...(others.length === 0 ? [] : [formatProblems(others)])].join('\n'),
    own.length === 0 ? {} : { command: './switchyard keys add --help' },
  );
}

/** The option whose value a path of the settings has; undefined for a path that is not the new key's. */
function optionOf(alias: string, path: string): string | undefined {
  const prefix = `keys.${alias}`;
  const bare = path.replace(/^config\.switchyard:/, '');
  if (bare === prefix || bare === `keys[${JSON.stringify(alias)}]`) return '<alias>';
  if (!bare.startsWith(`${prefix}.`)) return undefined;
  return OPTIONS[/^\w+/.exec(bare.slice(prefix.length + 1))?.[0] ?? ''];
}
