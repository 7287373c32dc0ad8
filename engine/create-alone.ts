/** Creates one resource of a stack and changes nothing else. */
import { interruptible } from '../console/interruptible.ts';
import type { Output } from '../console/output.ts';
import { STOPPING } from './deploy.ts';
import { stackOperation } from './stack-operation.ts';

/**
 * Runs a targeted `pulumi up`. The stack's outputs stay as they are (stacks/index.ts).
 *
 * @param urn the resource's URN: it need not exist yet.
 * @throws UserError with the engine's reason for a failure; also while another run changes the stack.
 * @throws Interrupted after a Ctrl-C.
 */
export async function createAlone(out: Output, stack: string, urn: string): Promise<void> {
  const texts = { ...STOPPING, stopped: () => ({ message: 'interrupted' }) };
  await interruptible(out, texts, (signal) =>
    stackOperation(
      stack,
      (opened, common) => {
        opened.workspace.envVars = { ...opened.workspace.envVars, SWITCHYARD_KEEP_OUTPUTS: 'true' };
        return opened.up({ ...common, target: [urn], suppressOutputs: true });
      },
      { progress: out.progress, signal },
    ),
  );
}
