import { Output, type Progress } from '../console/output.ts';
import type { Reporter } from '../console/reporter.ts';

/** What a command may need. `base-image` includes `docker`. */
export type Need = 'pulumi' | 'docker' | 'base-image';

/**
 * Installs what is missing of `need` and reports what it does. What is installed already costs a quick check only.
 *
 * @throws UserError with the command that fixes it if this machine or user cannot install it.
 */
export async function ensureReady(options: { need: readonly Need[]; onProgress?: Progress }): Promise<void> {
  const out = new Output();
  const reporter: Reporter = { progress: options.onProgress ?? out.progress, step: out.step };
  const need = new Set(options.need);
  if (need.has('pulumi')) await (await import('./pulumi-install.ts')).ensurePulumi(reporter);
  if (need.has('base-image')) await (await import('./base-image.ts')).ensureBaseImage(reporter);
  else if (need.has('docker')) await (await import('./docker-daemon.ts')).ensureDocker(reporter);
}
