/** The checks before the engine runs. */
import { formatProblems, formatWarning, hasErrors, sortProblems } from '../domain/diagnostics/problems.ts';
import { type Inputs, loadInputs, type RawConfig } from '../stacks/load.ts';
import { ROOT } from '../console/home-paths.ts';
import { UserError } from '../console/errors.ts';
import { dayOf } from '../console/time-options.ts';
import { findLeakedSecrets } from './leaked-secrets.ts';

/**
 * Loads a stack's inputs with all checks of the Pulumi program, and searches the templates for leaked secrets.
 *
 * @param now the time for which retirements of models are checked.
 * @param root the checkout.
 * @returns the inputs, and the warnings as text.
 * @throws UserError with all problems.
 */
export function loadCheckedInputs(
  stack: string,
  raw: RawConfig,
  now: Date,
  root: string = ROOT,
): { inputs: Inputs; warnings: string[] } {
  const { inputs, problems } = loadInputs(stack, raw, root, dayOf(now));
  const all = [...problems, ...findLeakedSecrets(root)];
  if (inputs === undefined || hasErrors(all)) throw new UserError(formatProblems(all));
  return { inputs, warnings: sortProblems(all).map(formatWarning) };
}
