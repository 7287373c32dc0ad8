/** The check after every drill: there is nothing left to deploy, and the state matches what is running. */
import type { DrillStack } from './drill-stack.ts';
import { resourceName } from '../engine/stack-state.ts';

interface Step {
  op: string;
  urn: string;
  detailedDiff?: Record<string, unknown> | null;
}

/**
 * Checks that a second preview, and one that refreshes first, show no change.
 *
 * @returns one sentence for each change.
 */
export async function checkUnchanged(stack: DrillStack): Promise<string[]> {
  const plain = await changedSteps(stack, []);
  const refreshed = await changedSteps(stack, ['--refresh']);
  return [
    ...plain.map((step) => `a second preview would ${step}`),
    ...refreshed.map((step) => `after a refresh a preview would ${step}`),
  ];
}

async function changedSteps(stack: DrillStack, options: string[]): Promise<string[]> {
  const stdout = await stack.pulumi(['preview', '--json', ...options]);
  const { steps = [] } = JSON.parse(stdout) as { steps?: Step[] };
  return steps
    .filter(({ op }) => !['same', 'read', 'refresh'].includes(op))
    .map(({ op, urn, detailedDiff }) => {
      const names = Object.keys(detailedDiff ?? {}).join(', ');
      return `${op} ${resourceName({ urn })}${names ? ` (${names})` : ''}`;
    });
}
