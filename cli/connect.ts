import type { Command } from 'commander';
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { clientFiles } from '../client/client-files.ts';
import { connect } from '../client/connect-files.ts';
import { describeConnected } from '../client/connect-text.ts';
import type { Connected, ConnectOptions } from '../client/connect-types.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ownerOf } from './owner.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { currentOutputs } from '../keys/current-outputs.ts';

/** Adds `connect`. */
export function register(program: Command): void {
  program
    .command('connect')
    .argument('[stack]', 'the stack', 'dev')
    .option('--dir <folder>', "write both files to this folder instead of opencode's own")
    .option('--gateway-only', "write only the gateway's key, no provider keys")
    .description(
      "write opencode's files: opencode.json, and auth.json with the keys (0600), keeping your own entries; " +
        'they belong to this stack then, and `up` of another stack does not change them',
    )
    .action(
      withOutput(async (out, stack: string, options: ConnectOptions) => {
        await requireStack(stack);
        await ensureReady({ need: ['pulumi'], onProgress: out.progress });
        const connected = await connectFrom(
          out,
          stack,
          await out.step(`reading the outputs of ${stack}`, () => currentOutputs(stack)),
          options,
        );
        if (process.env.OPENCODE_AUTH_CONTENT && options.dir === undefined) {
          out.warn('OPENCODE_AUTH_CONTENT is set: opencode reads it instead of auth.json');
        }
        out.result(connected, describeConnected(connected));
      }),
    );
}

/**
 * Writes the client's files according to a stack's outputs, and prints warnings about the user's own entries.
 *
 * @throws UserError if a file of the user is malformed; nothing is changed then.
 */
export async function connectFrom(
  out: Output,
  stack: string,
  outputs: RawOutputs,
  options: ConnectOptions,
): Promise<Connected> {
  const files = clientFiles(stack, outputs);
  const owner = ownerOf(stack, unlessRefused(readBasics(stack, outputs)).endpoint);
  const connected = await connect(stack, files, { ...options, owner });
  for (const note of connected.notes) out.warn(note);
  return connected;
}
