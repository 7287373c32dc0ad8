/** Runs drills on one throwaway stack, for each number of replicas, and reports the results. */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { checkUnchanged } from './drift-check.ts';
import { DrillStack, KEY_NAME } from './drill-stack.ts';
import { reportOf, runOf } from './drill-figures.ts';
import type { Drill, Report, Run } from './drill-types.ts';

/** Options of {@link runDrills}. */
export interface RunOptions {
  /** The numbers of replicas to run with, in this order. */
  replicas: number[];
  /** The minimum number of requests of each run. */
  requests: number;
  /** When it is aborted, everything ends as soon as possible and is cleaned up. */
  signal: AbortSignal;
}

/** The number of requests from which a drill's figures are meaningful; below it drills take shortcuts. */
export const FULL_RUN_REQUESTS = 1000;

/**
 * Runs drills one after the other on the same stack, which is created before and always removed afterwards.
 *
 * @returns a report for each drill, in the given order.
 */
export async function runDrills(drills: Drill[], options: RunOptions, out: Output): Promise<Report[]> {
  setMaxListeners(0, options.signal);
  const { progress } = out;
  const results = drills.map((drill): Result => ({ drill, runs: [], findings: [] }));
  const stack = await DrillStack.create({ progress, signal: options.signal });
  progress(`throwaway stack ${stack.name} on port ${stack.port}, checkout ${stack.checkout.dir}`);
  try {
    await stack.setKey(KEY_NAME, `gsk_${randomBytes(26).toString('hex')}`);
    for (const replicas of options.replicas) {
      await stack.pulumi(['config', 'set', 'replicas', String(replicas)]);
      await out.step(`deploying ${stack.name} with ${replicas} replica(s)`, () => stack.up());
      for (const result of results) await runOnce(result, stack, replicas, options, out);
      // In full runs each drill has checked for drift itself; in short runs one check after the last drill covers all of them.
      const last = results.at(-1);
      if (isShort(options) && last !== undefined) await checkDrift(last, stack, replicas, options, out);
    }
  } finally {
    await out.step(`removing ${stack.name}`, () => stack.remove());
  }
  return results.map(({ drill, runs, findings }) => reportOf(drill, { stack: stack.name, runs, findings }));
}

interface Result {
  drill: Drill;
  runs: Run[];
  findings: string[];
}

/** Whether the runs are so short that they only show whether the drills pass, and their figures are not meaningful. */
function isShort({ requests }: RunOptions): boolean {
  return requests < FULL_RUN_REQUESTS;
}

async function runOnce(
  result: Result,
  stack: DrillStack,
  replicas: number,
  options: RunOptions,
  out: Output,
): Promise<void> {
  const { drill, runs, findings } = result;
  const { requests, signal } = options;
  const label = `${drill.name} with ${replicas} replica(s)`;
  const addFindings = (sentences: string[]): void => {
    findings.push(...sentences.map((sentence) => `${replicas} replica(s): ${sentence}`));
  };
  await stack.untilAnswers(await stack.masterKey());
  await stack.upstream.forget();
  const short = isShort(options);
  try {
    const context = { stack, replicas, requests, short, progress: out.progress, signal };
    const outcome = await out.step(label, () => drill.run(context));
    const run = runOf(replicas, outcome);
    runs.push(run);
    out.progress(`${label}: ${describeRun(run)}`);
    addFindings(outcome.findings);
    if (run.sent < requests) addFindings([`only ${run.sent} of ${requests} requests were sent`]);
    if (!short) await checkDrift(result, stack, replicas, options, out);
  } catch (error) {
    signal.throwIfAborted();
    // A drill that throws has proved nothing, but the others can still run.
    addFindings([`the drill ended with an error: ${reasonOf(error)}`]);
    await recover(stack);
  }
  for (const sentence of findings) out.progress(`${label}: FINDING: ${sentence}`);
}

/** Checks that a second preview, and one after a refresh, show no change. */
async function checkDrift(
  { drill, findings }: Result,
  stack: DrillStack,
  replicas: number,
  { signal }: RunOptions,
  out: Output,
): Promise<void> {
  try {
    const drift = await out.step(`checking for drift after ${drill.name}`, () => checkUnchanged(stack));
    findings.push(...drift.map((sentence) => `${replicas} replica(s): ${sentence}`));
  } catch (error) {
    signal.throwIfAborted();
    findings.push(`${replicas} replica(s): the check for drift ended with an error: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof UserError) return [error.message, error.found].filter(Boolean).join(': ');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Tries to restore the stack for the next drill. */
async function recover(stack: DrillStack): Promise<void> {
  await stack.tryUp();
}

/** A run's figures in one line. */
export function describeRun(run: Run): string {
  const { replicas, sent, answered, failed, cutStreams, longestWaitMs, ...more } = run;
  const further = Object.entries(more).map(([name, value]) => `, ${spaced(name)} ${value}`);
  return `replicas ${replicas}: sent ${sent}, answered ${answered}, failed ${failed}, cut streams ${cutStreams}, longest wait ${longestWaitMs} ms${further.join('')}`;
}

function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
