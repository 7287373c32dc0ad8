/** The plan of a stack that was deployed before there was an output for it. For one release: then it goes, with `deployedFiles`. */
import { parse } from 'yaml';
import { planOutput } from '../domain/render/plan-output.ts';
import type { PlanOutput } from '../domain/schema/outputs-schema.ts';
import { deployedFiles } from '../engine/deployed.ts';
import type { StateResource } from '../engine/stack-state.ts';
import { CONFIG_PATH, GATEWAY_SETTINGS_PATH } from '../stacks/container-files.ts';

/**
 * The plan, out of the files that the first gateway was given.
 *
 * @param resources the stack's state, decrypted.
 * @returns undefined where there is no gateway.
 */
export function olderPlan(resources: readonly StateResource[]): PlanOutput | undefined {
  const files = deployedFiles(resources);
  if (files === undefined) return undefined;
  return planOutput({
    config: (parse(files[CONFIG_PATH] ?? '', { version: '1.1' }) ?? {}) as Record<string, unknown>,
    gateway: JSON.parse(files[GATEWAY_SETTINGS_PATH] ?? '{}') as Record<string, unknown>,
    files: Object.entries(files).map(([path, content]) => ({ path, content })),
  });
}
