import type { Command } from 'commander';
import { type ClientFiles, clientFiles, gatewayOnly } from './client/files.ts';
import { opencodePaths, pathsBelow } from './client/paths.ts';
import { writeClientFiles, type Written } from './client/write.ts';
import { type Output, withOutput } from './output.ts';
import { ensureReady } from './setup/ready.ts';
import { stackOutputs } from './stack.ts';

/** Options of `connect`. */
export interface ConnectOptions {
  /** A folder for both files instead of opencode's own. */
  dir?: string | undefined;
  /** Only the gateway's key, none of a provider's. */
  gatewayOnly?: boolean | undefined;
}

/** What `connect` has done, as `--json` prints it. Holds no key. */
export interface Connected extends Written {
  stack: string;
  /** The providers that have a key now. */
  on: string[];
  /** Those that are switched off. */
  off: string[];
  /** The client's default model; absent where there is none. */
  model?: string;
  /** A command with which to try it. */
  try: string;
}

/** Adds `connect`. */
export function register(program: Command): void {
  program
    .command('connect')
    .argument('[stack]', 'the stack', 'dev')
    .option('--dir <folder>', "write both files there, not into opencode's own folders")
    .option('--gateway-only', "write the gateway's key alone, no provider's")
    .description(
      "writes opencode's files: opencode.json, and auth.json with the keys (0600), keeping what you have there",
    )
    .action(
      withOutput(async (out, stack: string, options: ConnectOptions) => {
        await ensureReady({ need: ['pulumi'], onProgress: out.progress });
        const connected = await connectFrom(out, stack, await stackOutputs(stack), options);
        if (process.env.OPENCODE_AUTH_CONTENT && options.dir === undefined) {
          out.warn('OPENCODE_AUTH_CONTENT is set: opencode reads it instead of auth.json');
        }
        out.result(connected, describe(connected));
      }),
    );
}

/**
 * Writes the client's files as a stack's outputs say, and warns of what the user should know about entries of theirs.
 *
 * @throws UserError where a file of the user is malformed; nothing is changed then.
 */
export async function connectFrom(
  out: Output,
  stack: string,
  outputs: Record<string, unknown>,
  options: ConnectOptions,
): Promise<Connected> {
  const connected = await connect(stack, clientFiles(stack, outputs), options);
  for (const note of connected.notes) out.warn(note);
  return connected;
}

/**
 * Writes the client's files. Needs no network.
 *
 * @param files the stack's output.
 * @throws UserError where a file of the user is malformed; nothing is changed then.
 */
export async function connect(
  stack: string,
  files: ClientFiles,
  options: ConnectOptions = {},
): Promise<Connected> {
  const paths = options.dir === undefined ? await opencodePaths() : await pathsBelow(options.dir);
  const chosen = options.gatewayOnly ? gatewayOnly(files) : files;
  const written = await writeClientFiles(paths, chosen, files.auth);
  const { enabled_providers: on, disabled_providers: off, model } = chosen.config;
  return { stack, ...written, on, off, ...(model ? { model } : {}), try: tryIt(paths, chosen, options) };
}

/** Our default, or the gateway's mock: what answers for certain. */
function tryIt(
  paths: { config: string; auth: string },
  { config }: ClientFiles,
  options: ConnectOptions,
): string {
  const model = config.provider.litellm?.models.mock ? 'litellm/mock' : config.model;
  const run = `opencode run${model ? ` -m ${model}` : ''} "hi"`;
  if (options.dir === undefined) return run;
  return `OPENCODE_CONFIG=${quote(paths.config)} OPENCODE_AUTH_CONTENT="$(cat ${quote(paths.auth)})" ${run}`;
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function describe(connected: Connected): string {
  return [
    ...connected.files.map(({ path, changed }) => `${changed ? 'wrote' : 'unchanged'}  ${path}`),
    ...connected.removed.map((path) => `removed    ${path}`),
    `on         ${connected.on.join(', ') || 'none'}`,
    ...(connected.off.length > 0 ? [`off        ${connected.off.join(', ')} (no key)`] : []),
    `try it     ${connected.try}`,
  ].join('\n');
}
