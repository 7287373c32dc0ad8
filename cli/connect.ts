import type { Command } from 'commander';
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { providerOf } from '../domain/plan/lanes.ts';
import { type ClientFiles, clientFiles, gatewayOnly } from '../client/client-files.ts';
import { opencodeCommand } from '../client/client-home.ts';
import { currentOwner } from '../client/current-owner.ts';
import { isSameOwner } from '../client/ownership.ts';
import { type ClientPaths, opencodePaths, pathsBelow } from '../client/opencode-paths.ts';
import type { Owner } from '../client/record.ts';
import { writeClientFiles } from '../client/write-files.ts';
import { describeConnected, tryIt } from './connect-text.ts';
import type { Connected, ConnectOptions } from './connect-types.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ownerOf } from './owner.ts';
import { ROOT } from '../console/home-paths.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { currentOutputs } from '../keys/current-outputs.ts';

/** Options of {@link connect}, including those that other commands set. */
export interface WriteAs extends ConnectOptions {
  /** The owner of the files; by default the stack, by name only. */
  owner?: Owner | undefined;
}

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

/**
 * Writes the client's files. Needs no network.
 *
 * @param files the stack's output.
 * @throws UserError if a file of the user is malformed; nothing is changed then.
 */
export async function connect(stack: string, files: ClientFiles, options: WriteAs = {}): Promise<Connected> {
  const paths = await pathsOf(options);
  const chosen = options.gatewayOnly ? gatewayOnly(files) : files;
  const { owner = { stack } } = options;
  const before = await currentOwner(paths);
  const written = await writeClientFiles(paths, chosen, { known: files.auth, owner });
  const { enabled_providers: withKey, disabled_providers: withoutKey, model } = chosen.config;
  const byUser = written.switchedOff.map(({ provider }) => provider);
  const on = withKey.filter((name) => !byUser.includes(name));
  return {
    stack,
    ...(before && !isSameOwner(before, owner) ? { switchedFrom: before.stack } : {}),
    ...written,
    on,
    off: [...byUser, ...withoutKey],
    ...(model && on.includes(providerOf(model)) ? { model } : {}),
    try: tryIt(paths, chosen, on, options, await opencodeCommand(ROOT)),
  };
}

/** The files that `connect` writes with these options. */
export function pathsOf({ dir }: ConnectOptions): Promise<ClientPaths> {
  return dir === undefined ? opencodePaths() : pathsBelow(dir);
}
