/** Measures the cost of commands: the CPU time of all processes that they start. */
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { median, rounded } from './statistics.ts';
import type { CommandFigures } from './types.ts';

/** The result of a command. */
interface CommandEnd {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a program in the checkout. */
type Run = (command: string, args: string[]) => Promise<CommandEnd>;

/**
 * Measures with the shell's `times`, which counts all children that were waited for, and their children. POSIX requires it, so every machine
 * that can run `./switchyard` has it. The command's own output is discarded, so that only the times are printed.
 */
const TIMED = '"$@" >/dev/null; code=$?; times; exit $code';

/** The measured commands, with their names in the report. */
export function commandsOf(stack: string): { name: string; args: string[] }[] {
  return [
    { name: 'preview', args: ['preview', stack] },
    { name: 'up', args: ['up', stack] },
    { name: 'status', args: ['status', stack] },
    { name: 'help', args: ['--help'] },
  ];
}

/** Runs each command `repeats` times, in turn, on a stack without pending changes. */
export async function measureCommands(
  stack: string,
  { repeats, run, signal }: { repeats: number; run: Run; signal: AbortSignal },
  out: Output,
): Promise<CommandFigures[]> {
  const measured = commandsOf(stack).map((command) => ({ ...command, runs: [] as Cost[] }));
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    for (const { name, args, runs } of measured) {
      signal.throwIfAborted();
      const label = `${name}, ${repeat} of ${repeats}`;
      runs.push(await out.step(label, () => costOf(name, args, run)));
    }
  }
  return measured.map(({ name, runs }) => ({
    name,
    cpuSeconds: rounded(median(runs.map(({ cpuSeconds }) => cpuSeconds))),
    wallSeconds: rounded(median(runs.map(({ wallSeconds }) => wallSeconds))),
  }));
}

type Cost = Omit<CommandFigures, 'name'>;

async function costOf(name: string, args: string[], run: Run): Promise<Cost> {
  const begun = performance.now();
  const { exitCode, stdout, stderr } = await run('sh', ['-c', TIMED, 'bench', './switchyard', ...args]);
  const wallSeconds = (performance.now() - begun) / 1000;
  if (exitCode !== 0)
    throw new UserError(`./switchyard ${args.join(' ')} failed (exit code ${exitCode})`, {
      found: stderr.trim().split('\n').slice(-8).join('\n'),
    });
  const cpuSeconds = parseTimes(stdout);
  if (cpuSeconds === undefined)
    throw new UserError(`the CPU time of ${name} cannot be measured: sh does not print it`, {
      found: stdout.trim(),
      allowed: "a POSIX shell as sh: its `times` prints two lines like '0m1.20s 0m0.34s'",
      command: "sh -c 'sleep 0; times'",
    });
  return { cpuSeconds, wallSeconds };
}

/**
 * The CPU time of a shell's children, from the output of its `times`: two lines, for the shell and for its children, each with user and
 * system time.
 *
 * @returns seconds; undefined if the text has another format.
 */
export function parseTimes(text: string): number | undefined {
  const line = text.trim().split('\n').at(-1) ?? '';
  const match = /^(\d+)m(\d+(?:[.,]\d+)?)s\s+(\d+)m(\d+(?:[.,]\d+)?)s$/.exec(line.trim());
  if (match === null || text.trim().split('\n').length !== 2) return undefined;
  const [user, userRest, system, systemRest] = match.slice(1).map((part) => Number(part.replace(',', '.')));
  return 60 * (user! + system!) + userRest! + systemRest!;
}
