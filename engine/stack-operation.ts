/** One operation of the engine on a stack: `up`, `preview`, `refresh` or `destroy`, by the Automation API. */
import type { Stack, UpOptions } from '@pulumi/pulumi/automation/index.js';
import type { Progress } from '../console/output.ts';
import { openStack } from './automation.ts';
import { EngineEvents } from './engine-events.ts';
import { isLocked, pulumiFailure, resultOf } from './pulumi-failure.ts';
import { ROOT } from '../console/home-paths.ts';
import { removeDeadLocks } from './own-runs.ts';

/** What every operation of the Automation API takes from here. */
type Common = Required<Pick<UpOptions, 'onEvent' | 'color' | 'signal'>>;

/** How to run an operation. */
export interface OperationOptions {
  /** Gets a line as a resource is begun or done, and each warning. */
  progress: Progress;
  /** Aborted, it has the engine end what it has begun, and no more. */
  signal: AbortSignal;
  /** The project's folder; this checkout where it is left out. */
  cwd?: string;
}

/**
 * Runs an operation. Where a killed run of ours has left its lock, that is removed with a word about it, and the operation begun anew.
 *
 * @param run calls the operation on the stack, with what it is given and options of its own.
 * @returns what the engine reported.
 * @throws UserError with what the engine gave as the reason of a failure.
 */
export async function stackOperation(
  stack: string,
  run: (opened: Stack, common: Common) => Promise<unknown>,
  options: OperationOptions,
): Promise<EngineEvents> {
  const opened = await openStack(stack, options.cwd ?? ROOT);
  const attempt = async (retry: boolean): Promise<EngineEvents> => {
    const events = new EngineEvents();
    const onEvent: Common['onEvent'] = (event) => {
      const line = events.take(event);
      if (line !== undefined) options.progress(line);
    };
    try {
      await run(opened, { onEvent, color: 'never', signal: options.signal });
      return events;
    } catch (error) {
      const result = resultOf(error);
      if (result === undefined) throw error;
      if (!retry || !isLocked(result) || !removeDeadLocks(stack))
        throw pulumiFailure(stack, result, events.errors);
      options.progress(`removing the lock that an interrupted run left on ${stack} (its process is gone)`);
      return attempt(false);
    }
  };
  return attempt(true);
}
