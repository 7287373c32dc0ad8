/** The command line: all commands, the help, and errors in the arguments. */
import { Command, type CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { UserError } from '../console/errors.ts';
import { columns } from '../console/wrap.ts';

/** Every command, in the order in which `--help` lists them. */
const commands: Record<string, () => Promise<{ register(program: Command): void }>> = {
  up: () => import('./up.ts'),
  preview: () => import('./preview.ts'),
  status: () => import('./status.ts'),
  usage: () => import('./usage.ts'),
  connect: () => import('./connect.ts'),
  smoke: () => import('./smoke.ts'),
  agents: () => import('./agents.ts'),
  models: () => import('./models.ts'),
  portkey: () => import('./portkey.ts'),
  keys: () => import('./keys.ts'),
  down: () => import('./down.ts'),
  stack: () => import('./stack.ts'),
  env: () => import('./env.ts'),
  doctor: () => import('./doctor.ts'),
  drill: () => import('./drill.ts'),
  bench: () => import('./bench.ts'),
  test: () => import('../scripts/run-tests.ts'),
  'stop-docker': () => import('../scripts/stop-docker.ts'),
};

/**
 * The program with the command that is called; with all commands if none is.
 *
 * @param args the command line without the program's name.
 */
export async function makeProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('switchyard')
    .description('An LLM gateway as code: LiteLLM deployed with Pulumi, with client files for opencode.')
    .version(packageJson.version)
    .option('--json', 'one JSON document on standard output, progress on standard error')
    // Commander leaves text unwrapped, and lets the terminal cut words, where less than this is left beside the options' names.
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20 })
    // Errors are thrown; main.ts prints them, as JSON if requested.
    .configureOutput({ outputError: () => undefined, getOutHelpWidth: helpWidth, getErrHelpWidth: helpWidth })
    .exitOverride();
  const called = args.find((word) => !word.startsWith('-') && word !== 'help');
  const load = called === undefined ? undefined : commands[called];
  for (const one of load ? [load] : Object.values(commands)) (await one()).register(program);
  return program;
}

/** The width of the terminal, 80 columns without one. */
function helpWidth(): number {
  const width = columns();
  return width === Infinity ? 80 : width;
}

/** The UserError for a mistake in the command line; undefined if there is no mistake, as for `--help`. */
export function mistakeOf(
  error: CommanderError,
  program: Command,
  args: readonly string[],
): UserError | undefined {
  if (error.exitCode === 0 || error.code.startsWith('commander.help')) return undefined;
  const called = args.find((word) => commands[word] !== undefined);
  const [message = '', hint] = error.message.replace(/^error: /, '').split('\n');
  return new UserError(`${message}${hint === undefined ? '' : ` ${hint}`}`, {
    ...(called === undefined && error.code === 'commander.unknownCommand'
      ? { allowed: Object.keys(commands) }
      : {}),
    command: ['./switchyard', ...(called === undefined ? [] : commandPath(program, args)), '--help'].join(
      ' ',
    ),
  });
}

/** The command that is called, with its subcommands: `keys`, `add`. */
function commandPath(program: Command, args: readonly string[]): string[] {
  const [first, ...rest] = args.filter((word) => !word.startsWith('-'));
  const command = program.commands.find((one) => one.name() === first);
  return command === undefined ? [] : [command.name(), ...commandPath(command, rest)];
}
