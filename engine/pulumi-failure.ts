/** What a failed run of Pulumi means: locks, dead ones and living ones, and sentences for the causes that we know. */
import { hostname } from 'node:os';
import { UserError } from '../console/errors.ts';
import { isAlive } from '../console/is-alive.ts';

const LOCK = /created by (?<user>\S+?)@(?<host>\S+) \(pid (?<pid>\d+)\)/g;

/** How Pulumi Cloud, which has no lock files, refuses a second update. */
const CLOUD_CONFLICT = /\[409\] Conflict: Another update is currently in progress/;

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

/** The error for a failed run of Pulumi: a sentence for the known causes, else Pulumi's own words without its decoration. */
export function pulumiFailure(stack: string, text: string): UserError {
  if (/incorrect passphrase|decrypting|message authentication failed/i.test(text)) {
    return new UserError(`the passphrase of stack ${stack} is not the one its secrets were encrypted with`, {
      where: process.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? `$SWITCHYARD_HOME/passphrase/${stack}`,
      allowed: 'the passphrase file from your backup, or PULUMI_CONFIG_PASSPHRASE_FILE naming it',
    });
  }
  if (text.includes('currently locked') || CLOUD_CONFLICT.test(text)) {
    const holder = [...text.matchAll(LOCK)][0]?.[0];
    return new UserError(`stack ${stack} is being changed by another run`, {
      found: holder === undefined ? 'an update in progress' : `a lock ${holder}`,
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
