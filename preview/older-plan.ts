/**
 * The plan of a stack that was deployed by the previous release, which had no output `plan`. To be removed after one release, together
 * with `deployedFiles`.
 */
import { parse } from 'yaml';
import { planOutput } from '../domain/render/plan-output.ts';
import type { PlanOutput } from '../domain/schema/outputs-schema.ts';
import { deployedFiles } from '../engine/deployed.ts';
import type { StateResource } from '../engine/stack-state.ts';
import { CONFIG_PATH, GATEWAY_SETTINGS_PATH } from '../stacks/container-files.ts';

/**
 * Reconstructs the plan from the first gateway's files.
 *
 * @param resources the stack's state, decrypted.
 * @returns undefined if there is no gateway.
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
