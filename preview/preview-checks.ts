/** What is checked before the engine runs. */
import { formatProblem, formatProblems, hasErrors, sortProblems } from '../domain/diagnostics/problems.ts';
import { type Inputs, loadInputs, type RawConfig } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import { UserError } from '../console/errors.ts';
import { dayOf } from '../console/time-options.ts';
import { withoutTag } from './pulumi-plan.ts';
import { plantedKeys } from './planted.ts';

/**
 * The inputs of a stack, with all that the program checks, and planted keys besides.
 *
 * @param now the time to which lifetimes are counted.
 * @param root the checkout.
 * @returns the inputs, and the warnings as text.
 * @throws UserError with everything that is wrong.
 */
export function checkEverything(
  stack: string,
  raw: RawConfig,
  now: Date,
  root: string = ROOT,
): { inputs: Inputs; warnings: string[] } {
  const { inputs, problems } = loadInputs(stack, raw, root, dayOf(now));
  const all = [...problems, ...plantedKeys(root)];
  if (inputs === undefined || hasErrors(all)) throw new UserError(formatProblems(all));
  return { inputs, warnings: sortProblems(all).map((problem) => withoutTag(formatProblem(problem))) };
}
