/** What is checked before the engine runs. */
import { checkLifetimes } from '../../catalog/lifetimes.ts';
import { parseCatalog } from '../../catalog/load.ts';
import { formatProblem, formatProblems, hasErrors, sortProblems } from '../../catalog/problems.ts';
import { CATALOG_FILE, type Inputs, loadInputs, type RawConfig, ROOT, template } from '../../stacks/load.ts';
import { UserError } from '../errors.ts';
import { dayOf } from '../today.ts';
import { plantedKeys } from './planted.ts';

/**
 * The inputs of a stack.
 *
 * @throws UserError with everything that is wrong with catalogue and settings.
 */
export function previewInputs(stack: string, raw: RawConfig): Inputs {
  const { inputs, problems } = loadInputs(stack, raw);
  if (inputs === undefined || hasErrors(problems)) throw new UserError(formatProblems(problems));
  return inputs;
}

/**
 * The inputs of a stack, held against the calendar too.
 *
 * @param now the time to which lifetimes are counted.
 * @returns the inputs, and the warnings as text.
 * @throws UserError with everything that is wrong: settings, catalogue, retired models, planted keys.
 */
export function checkEverything(
  stack: string,
  raw: RawConfig,
  now: Date,
): { inputs: Inputs; warnings: string[] } {
  const { inputs, problems } = loadInputs(stack, raw);
  const { catalog, source } = parseCatalog(template('catalog.yaml'), CATALOG_FILE);
  const more =
    catalog === undefined
      ? []
      : [...checkLifetimes(catalog, source, dayOf(now)), ...plantedKeys(catalog, ROOT)];
  const all = [...problems, ...more];
  if (inputs === undefined || hasErrors(all)) throw new UserError(formatProblems(all));
  return { inputs, warnings: sortProblems(all).map(formatProblem) };
}
