/** Runs drills on one throwaway stack, for each number of replicas, and reports. */
import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { checkUnchanged } from './after.ts';
import { DrillStack, KEY_NAME } from './drill-stack.ts';
import { reportOf, runOf } from './sums.ts';
import type { Drill, Report, Run } from './drill-types.ts';

/** How to run drills. */
export interface RunOptions {
  /** The numbers of replicas to run with, in this order. */
  replicas: number[];
  /** Requests of each run, at least. */
  requests: number;
  /** Aborted, everything ends as soon as it can and is cleaned up. */
  signal: AbortSignal;
}

/** From here on a drill's figures are worth something; below it takes short ways. */
export const ENOUGH = 1000;

/**
 * Runs drills one after the other on the same stack, which is made before and removed after, whatever happens.
 *
 * @returns a report for each drill, in their order.
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
      await out.step(`bringing ${stack.name} up with ${replicas} replica(s)`, () => stack.up());
      for (const result of results) await runOnce(result, stack, replicas, options, out);
      // Where figures count each drill has looked for itself; else the last one answers for all before it.
      const last = results.at(-1);
      if (isShort(options) && last !== undefined) await lookForDrift(last, stack, replicas, options, out);
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

/** Whether these are runs that only show that the drills hold, at a size at which their figures say nothing. */
function isShort({ requests }: RunOptions): boolean {
  return requests < ENOUGH;
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
  const found = (sentences: string[]): void => {
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
    found(outcome.findings);
    if (run.sent < requests) found([`only ${run.sent} of ${requests} requests were sent`]);
    if (!short) await lookForDrift(result, stack, replicas, options, out);
  } catch (error) {
    signal.throwIfAborted();
    // A drill that breaks off has proved nothing; the others still may.
    found([`the drill broke off: ${reasonOf(error)}`]);
    await mend(stack);
  }
  for (const sentence of findings) out.progress(`${label}: FOUND ${sentence}`);
}

/** A second preview, and one after a refresh, must show no change. */
async function lookForDrift(
  { drill, findings }: Result,
  stack: DrillStack,
  replicas: number,
  { signal }: RunOptions,
  out: Output,
): Promise<void> {
  try {
    const drift = await out.step(`looking for drift after ${drill.name}`, () => checkUnchanged(stack));
    findings.push(...drift.map((sentence) => `${replicas} replica(s): ${sentence}`));
  } catch (error) {
    signal.throwIfAborted();
    findings.push(`${replicas} replica(s): the look for drift broke off: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof UserError) return [error.message, error.found].filter(Boolean).join(': ');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Brings the stack back for the next drill, as well as it goes. */
async function mend(stack: DrillStack): Promise<void> {
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
