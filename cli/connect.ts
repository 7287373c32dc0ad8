import { type Command, InvalidArgumentError } from 'commander';
import { type RawOutputs, readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused, UserError } from '../console/errors.ts';
import { clientFiles } from '../client/client-files.ts';
import { connect } from '../client/connect-files.ts';
import { overrides } from '../client/opencode-overrides.ts';
import { describeConnected } from '../client/connect-text.ts';
import type { Connected, ConnectOptions } from '../client/connect-types.ts';
import { type Output, withOutput } from '../console/output.ts';
import { connectCheck } from './connect-check.ts';
import { connectOff } from './connect-off.ts';
import { connectOtherClients, printVariables } from './connect-clients.ts';
import { ownerOf } from './owner.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { currentOutputs } from '../keys/current-outputs.ts';

/** The clients that can be connected; `env` is any other, by variables. */
const CLIENTS = ['opencode', 'claude-code', 'codex', 'aider', 'env'] as const;
type Client = (typeof CLIENTS)[number];

interface CommandOptions extends ConnectOptions {
  client?: Client[];
  check?: boolean;
  off?: boolean;
}

/** Adds `connect`. */
export function register(program: Command): void {
  program
    .command('connect')
    .argument('[stack]', 'the stack (default: dev; with --check and --off any)')
    .option(
      '--client <name>',
      `the client to connect: ${CLIENTS.slice(0, -1).join(', ')} (repeatable; default: opencode); or env: print variables for any other`,
      collectClients,
    )
    .option('--dir <folder>', "write the client's files to this folder instead of its own")
    .option('--gateway-only', "for opencode: write only the gateway's key, no provider keys")
    .option('--check', 'change nothing: report whether what is there works, and exit with 1 if not')
    .option('--off', 'take everything of ours out of the files again, of all clients if --client names none')
    .description(
      "write a client's files, with its keys in files that only you can read (0600), keeping your own entries; " +
        'they belong to this stack then, and `up` of another stack does not change them',
    )
    .action(withOutput(run));
}

function collectClients(name: string, before: Client[] = []): Client[] {
  const client = CLIENTS.find((one) => one === name);
  if (client === undefined) throw new InvalidArgumentError(`allowed: ${CLIENTS.join(', ')}`);
  return [...before, client];
}

async function run(out: Output, named: string | undefined, options: CommandOptions): Promise<void> {
  const stack = named ?? 'dev';
  const clients: Client[] = [...new Set<Client>(options.client ?? ['opencode'])];
  refuseCombination(stack, clients, options);
  const all = CLIENTS.filter((one) => one !== 'env');
  const chosen =
    options.client === undefined && options.dir === undefined ? all : clients.filter((one) => one !== 'env');
  if (options.off) return connectOff(out, named, { clients: chosen, dir: options.dir });
  if (named !== undefined || !options.check) await requireStack(stack);
  await ensureReady({ need: ['pulumi'], onProgress: out.progress });
  if (options.check)
    return connectCheck(out, named, {
      clients: chosen,
      dir: options.dir,
      onlyConnected: chosen.length > 1 && !options.client,
    });
  const outputs = await out.step(`reading the outputs of ${stack}`, () => currentOutputs(stack));
  const tools = clients.filter((one) => one !== 'opencode' && one !== 'env');
  if (clients.includes('env')) return printVariables(out, stack, outputs);
  const connected = clients.includes('opencode') ? [await connectFrom(out, stack, outputs, options)] : [];
  if (connected.length > 0 && options.dir === undefined)
    for (const note of await overrides(clientFiles(stack, outputs).config)) out.warn(note);
  const others = await connectOtherClients(out, stack, outputs, { clients: tools, dir: options.dir });
  const results = [...connected, ...others.map(({ result }) => result)];
  const texts = [...connected.map(describeConnected), ...others.map(({ text }) => text)];
  out.result(results.length === 1 ? results[0] : results, texts.join('\n\n'));
}

function refuseCombination(stack: string, clients: readonly Client[], { dir }: CommandOptions): void {
  const found = clients.map((one) => `--client ${one}`).join(' ');
  if (clients.includes('env') && (clients.length > 1 || dir !== undefined))
    throw new UserError('env prints variables and writes no file, so it stands alone', {
      found: dir === undefined ? found : `${found} --dir`,
      command: `eval "$(./switchyard connect ${stack} --client env)"`,
    });
  if (clients.length > 1 && dir !== undefined)
    throw new UserError('one folder is for one client', {
      found: `${found} --dir`,
      command: `./switchyard connect ${stack} --client ${clients[0]} --dir …, then the next one`,
    });
}

/**
 * Writes opencode's files according to a stack's outputs, and prints warnings about the user's own entries.
 *
 * @throws UserError if a file of the user is malformed; nothing is changed then.
 */
async function connectFrom(
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
