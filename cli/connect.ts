import { type Command, InvalidArgumentError } from 'commander';
import { readBasics } from '../domain/read/outputs-reader.ts';
import { unlessRefused, UserError } from '../console/errors.ts';
import { clientWithKey, type KeyedClient } from '../client/client-with-key.ts';
import { changeClients } from '../client/change-clients.ts';
import type { Owner } from '../client/client-record.ts';
import { planConnect } from '../client/connect-files.ts';
import { overrides } from '../client/opencode-overrides.ts';
import { describeEach } from '../client/connect-text.ts';
import type { Connected, ConnectOptions } from '../client/connect-types.ts';
import { type Output, withOutput } from '../console/output.ts';
import { connectCheck } from './connect-check.ts';
import { connectOff } from './connect-off.ts';
import { planOtherClient, printVariables } from './connect-clients.ts';
import type { ToolName } from '../client/tools/all-tools.ts';
import type { ConnectedTool } from '../client/tools/connect-tool.ts';
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
    .option(
      '--key <alias>',
      "the stack's key to write; another one than default is for the gateway alone, with only its models",
    )
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
  // Before anything is written: an unknown key.
  const client = clientWithKey(stack, outputs, options.key);
  for (const note of client.notes) out.warn(note);
  if (clients.includes('env')) return printVariables(out, stack, client);
  const { endpoint } = unlessRefused(readBasics(stack, outputs));
  const owner = ownerOf(stack, endpoint, client.key);
  const results = await connectClients(
    clients.filter((one) => one !== 'env'),
    { stack, client, owner, options },
  );
  for (const result of results)
    for (const note of result.notes) out.warn('client' in result ? `${result.client}: ${note}` : note);
  if (clients.includes('opencode') && options.dir === undefined)
    for (const note of await overrides(client.config)) out.warn(note);
  out.result(results.length === 1 ? results[0] : results, describeEach(results));
}

function refuseCombination(stack: string, clients: readonly Client[], options: CommandOptions): void {
  const { dir, key, check, off } = options;
  if (key !== undefined && (check || off))
    throw new UserError(
      `--key is for writing the files; ${check ? '--check' : '--off'} finds their key itself`,
      {
        command: `./switchyard connect ${stack} ${check ? '--check' : '--off'}`,
      },
    );
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
 * Writes the files of these clients, or of none.
 *
 * @throws UserError that names every file that is malformed or cannot be read or written; nothing is changed then.
 */
export function connectClients(
  clients: readonly ('opencode' | ToolName)[],
  {
    stack,
    client,
    owner,
    options,
  }: { stack: string; client: KeyedClient; owner: Owner; options: ConnectOptions },
): Promise<(Connected | ConnectedTool)[]> {
  return changeClients<'opencode' | ToolName, Connected | ConnectedTool>(clients, (name) =>
    name === 'opencode'
      ? planConnect(stack, client, { ...options, owner })
      : planOtherClient(name, stack, client, options.dir),
  );
}
