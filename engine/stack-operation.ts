/** Runs one operation of the engine on a stack (`up`, `preview`, `refresh` or `destroy`) through the Automation API. */
import type { Stack, UpOptions } from '@pulumi/pulumi/automation/index.js';
import type { Progress } from '../console/output.ts';
import { openStack } from './automation.ts';
import { EngineEvents } from './engine-events.ts';
import { isLocked, pulumiFailure, resultOf } from './pulumi-failure.ts';
import { ROOT } from '../console/home-paths.ts';
import { removeStaleLocks } from './own-runs.ts';

/** The options that every operation gets. */
type Common = Required<Pick<UpOptions, 'onEvent' | 'color' | 'signal'>>;

/** How to run an operation. */
export interface OperationOptions {
  /** Called with a line when a step begins or ends, and with each warning. */
  progress: Progress;
  /** When aborted, the engine completes the steps in progress and begins no others. */
  signal: AbortSignal;
  /** The project's folder; by default this checkout. */
  cwd?: string;
}

/**
 * Runs an operation. If a killed run of ours has left a stale lock, the lock is removed, which is reported, and the operation is retried.
 *
 * @param run calls the operation on the stack, with the given options and its own.
 * @returns the engine's events.
 * @throws UserError with the engine's reason for a failure.
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
      if (!retry || !isLocked(result) || !removeStaleLocks(stack))
        throw pulumiFailure(stack, result, events.errors);
      options.progress(`removing the stale lock of an interrupted run on ${stack} (its process has ended)`);
      return attempt(false);
    }
  };
  return attempt(true);
}
