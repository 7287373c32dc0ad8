/** `./switchyard stack new`: one more environment. */
import { isIPv4 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { endpointOf } from '../infra/endpoint.ts';
import { createStack, type NewStackOptions } from '../engine/new-stack.ts';
import { commandList } from '../console/wrap.ts';
import { wholeNumber } from './arguments.ts';

/** Adds `stack new`. */
export function register(stack: Command): void {
  stack
    .command('new')
    .description('create a stack: write its settings file, with a free port; deploys nothing')
    .argument('<name>', 'its name: lowercase letters, digits, ".", "_", "-"')
    .option(
      '--port <number>',
      'its port; default: the first free one of 4000, 4100, …',
      wholeNumber(1, 65535),
    )
    .option(
      '--bind <address>',
      'the IPv4 address it listens on; default: 127.0.0.1, only this machine',
      address,
    )
    .action(withOutput(create));
}

function address(text: string): string {
  if (isIPv4(text)) return text;
  throw new InvalidArgumentError('Expected an IPv4 address, e.g. 127.0.0.1.');
}

async function create(out: Output, name: string, options: NewStackOptions): Promise<void> {
  const made = await createStack(name, options);
  const next = [
    { command: `./switchyard up ${name}`, purpose: 'deploys it; no key is needed to try it' },
    { command: `./switchyard keys import FILE ${name}`, purpose: "sets providers' keys from an env file" },
    {
      command: `eval "$(./switchyard env ${name})"`,
      purpose: 'puts pulumi on the PATH, for one key at a time:',
    },
    { command: `pulumi config set --secret GROQ_API_KEY --stack ${name}`, purpose: 'prompts for the value' },
    { command: `git add ${made.file}`, purpose: 'the file is part of the checkout' },
  ];
  const endpoint = endpointOf(made.bind, made.port);
  out.result(
    { ...made, endpoint, next: next.map(({ command }) => command) },
    [
      `wrote ${made.file}: the settings of the new stack ${name}, which will listen on ${made.bind}, port ${made.port}.`,
      'Nothing is deployed yet. Next:',
      commandList(next.map(({ command, purpose }) => [command, purpose])),
    ].join('\n'),
  );
}
