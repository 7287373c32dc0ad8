import { partialFailure } from '../../plugin/partial.ts';
import type { Properties } from '../../plugin/properties.ts';
import { redact, secretTexts } from '../../plugin/plugin-redact.ts';
import { PluginError } from '../../plugin/rpc.ts';
import { containerReport } from './container-report.ts';
import { idOf, type ResourceType } from './resource.ts';
import { outputs, type TerraformState } from './state.ts';

/**
 * Rolls back a failed creation: removes what exists of the resource, so that nothing remains outside the state and a
 * predecessor keeps serving; the next `up` starts again. What cannot be removed is kept in the state instead.
 *
 * @param host Docker's address
 * @param state what exists of the resource
 * @param errors the provider's error messages
 * @returns the error for the engine
 */
export async function rollback(
  host: string,
  type: ResourceType,
  state: TerraformState | undefined,
  errors: string[],
  inputs: Properties,
): Promise<PluginError> {
  const id = state && idOf(state);
  const report = id && type.shape.type === 'docker_container' ? await containerReport(host, id) : [];
  const reasons = [...errors, ...report].map((line) => redact(line, secretTexts(inputs)));
  if (!state || !id) return new PluginError(reasons.join('\n'));
  try {
    await type.remove(state, 0);
    return new PluginError([...reasons, 'What had been created of it was removed.'].join('\n'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return partialFailure(id, outputs(state, type.shape, inputs.secrets), [
      ...reasons,
      `It could not be removed: ${why}`,
    ]);
  }
}
