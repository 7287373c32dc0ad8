/** Runs the Pulumi CLI for one stack of this checkout, and turns its failures into sentences. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { UserError } from './errors.ts';
import type { Progress } from './output.ts';
import { pulumiEnv } from './setup/environment.ts';

/** The checkout's root: where Pulumi.yaml is. */
export const ROOT = resolve(import.meta.dirname, '..');

/** How a run of Pulumi ended. */
export interface PulumiResult {
  exitCode: number;
  stdout: string;
  /** Both streams, in the order in which the lines came; standard output last where nobody followed it. */
  log: string;
}

/** How to run Pulumi. */
export interface PulumiOptions {
  /** Gets each line as it comes: for runs that take their time. */
  onLine?: Progress;
  /** Text for standard input: the one way by which a secret value reaches `pulumi config set`. */
  input?: string;
}

/**
 * Runs `pulumi <args>` for a stack. A first Ctrl-C reaches Pulumi once and lets it end cleanly; further ones are held back, since a
 * second would make it leave containers behind that its state does not know.
 *
 * @returns the result, whatever the exit code.
 */
export async function runPulumi(
  stack: string,
  args: string[],
  options: PulumiOptions = {},
): Promise<PulumiResult> {
  const child = execa('pulumi', [...args, '--non-interactive', '--stack', stack], {
    cwd: ROOT,
    env: await pulumiEnv(stack),
    reject: false,
    // A process group of its own: the terminal's Ctrl-C does not reach it by itself.
    detached: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  let interrupted = false;
  const interrupt = (): void => {
    if (interrupted) options.onLine?.('still stopping: Pulumi is ending what it had begun …');
    else child.kill('SIGINT');
    interrupted = true;
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const lines: string[] = [];
    const follow = async (stream: NodeJS.ReadableStream): Promise<void> => {
      for await (const line of createInterface({ input: stream })) {
        if (NOISE.test(line)) continue;
        lines.push(line);
        options.onLine?.(line);
      }
    };
    const followed = options.onLine === undefined ? [child.stderr] : [child.stderr, child.stdout];
    const [result] = await Promise.all([child, ...followed.map(follow)]);
    if (result.exitCode === undefined && result.code === 'ENOENT') {
      throw new UserError('pulumi is not on the PATH', { command: './switchyard doctor' });
    }
    if (options.onLine === undefined) lines.push(result.stdout);
    return { exitCode: result.exitCode ?? 130, stdout: result.stdout, log: lines.join('\n') };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** What the engine says of plugins that it finds on the PATH; `./switchyard` put them there. */
const NOISE = /warning: using pulumi-\S+ from \$PATH at/;

/**
 * Runs `pulumi <args>` and expects it to succeed. A lock that a dead process of this host left is removed, with a word about it, and
 * the run repeated.
 *
 * @throws UserError with Pulumi's own message, or a plainer one where we know the cause.
 */
export async function pulumi(
  stack: string,
  args: string[],
  options: PulumiOptions & { progress?: Progress } = {},
): Promise<PulumiResult> {
  let result = await runPulumi(stack, args, options);
  if (result.exitCode !== 0 && leftByDeadProcess(result.log)) {
    options.progress?.(`removing the lock that an interrupted run left on ${stack} (its process is gone)`);
    await runPulumi(stack, ['cancel', '--yes']);
    result = await runPulumi(stack, args, options);
  }
  if (result.exitCode === 0) return result;
  throw pulumiFailure(stack, result.log);
}

const LOCK = /created by (?<user>\S+?)@(?<host>\S+) \(pid (?<pid>\d+)\)/g;

/** Whether a failure is a lock, and every process that holds one was on this host and is gone. */
export function leftByDeadProcess(
  text: string,
  host: string = hostname(),
  alive: (pid: number) => boolean = isAlive,
): boolean {
  if (!text.includes('currently locked')) return false;
  const holders = [...text.matchAll(LOCK)].map((match) => match.groups as { host: string; pid: string });
  return holders.length > 0 && holders.every((holder) => holder.host === host && !alive(Number(holder.pid)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The error for a failed run of Pulumi: a sentence for the known causes, else Pulumi's own words without its decoration. */
export function pulumiFailure(stack: string, text: string): UserError {
  if (/incorrect passphrase|decrypting|message authentication failed/i.test(text)) {
    return new UserError(`the passphrase of stack ${stack} is not the one its secrets were encrypted with`, {
      where: process.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? `$SWITCHYARD_HOME/passphrase/${stack}`,
      allowed: 'the passphrase file from your backup, or PULUMI_CONFIG_PASSPHRASE_FILE naming it',
    });
  }
  if (text.includes('currently locked')) {
    const holder = [...text.matchAll(LOCK)][0]?.[0] ?? 'another process';
    return new UserError(`stack ${stack} is being changed by another run`, {
      found: `a lock ${holder}`,
      allowed: 'one run at a time: wait for it to end',
      command: `pulumi cancel --stack ${stack}   # only if that process is gone`,
    });
  }
  if (/no stack named/.test(text)) {
    return new UserError(`there is no stack ${stack} yet`, { command: `./switchyard up ${stack}` });
  }
  return new UserError(ownWords(text));
}

/** Pulumi's message: the lines after `error:`, without headings, blank lines and the resource's URN. */
function ownWords(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '');
  const first = lines.findIndex((line) => /^\s*error:/.test(line));
  const words = (first < 0 ? lines.slice(-15) : lines.slice(first))
    .filter((line) => !/^\s*(Resources:|Duration:|Diagnostics:|\d+ errored)/.test(line))
    .map((line) => line.replace(/^\s*error:\s*/, ''));
  return words.join('\n') || 'pulumi failed without a word';
}
