/** Runs the engine for a preview. */
import { UserError } from '../console/errors.ts';
import { type Output } from '../console/output.ts';
import { runPulumi } from '../engine/pulumi-run.ts';
import { pulumiFailure } from '../engine/pulumi-failure.ts';
import { parsePlan, planErrors, type PulumiPlan } from './pulumi-plan.ts';

/**
 * Pulumi's plan for a stack.
 *
 * @param args further arguments, e.g. `--cwd` of another project folder.
 * @throws UserError with what the program found wrong, or Pulumi's own words.
 */
export async function runPreview(out: Output, stack: string, args: string[] = []): Promise<PulumiPlan> {
  const result = await out.step(`previewing ${stack}`, () =>
    runPulumi(stack, ['preview', '--json', ...args]),
  );
  const plan = tryParse(result.stdout);
  if (result.exitCode === 0 && plan !== undefined) return plan;
  const errors = plan === undefined ? [] : planErrors(plan);
  if (errors.length === 0) throw pulumiFailure(stack, result.log);
  throw new UserError(errors.join('\n'));
}

function tryParse(text: string): PulumiPlan | undefined {
  try {
    return parsePlan(text);
  } catch {
    return undefined;
  }
}
