import { partialFailure } from '../../plugin/partial.ts';
import type { Properties } from '../../plugin/properties.ts';
import { redact, secretTexts } from '../../plugin/plugin-redact.ts';
import { PluginError } from '../../plugin/rpc.ts';
import { containerReport } from './container-report.ts';
import { idOf, type ResourceType } from './resource.ts';
import { outputs, type TerraformState } from './state.ts';

/**
 * After a failed creation: takes away what there is of the resource, so that nothing is left which the state does
 * not know and a predecessor goes on serving; the next `up` starts anew. What cannot be taken away is kept in the
 * state instead.
 *
 * @param host Docker's address
 * @param state what there is of the resource
 * @param errors why it failed, in the provider's words
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
    return new PluginError([...reasons, 'What had been created of it is removed again.'].join('\n'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return partialFailure(id, outputs(state, type.shape, inputs.secrets), [
      ...reasons,
      `It could not be removed again: ${why}`,
    ]);
  }
}
