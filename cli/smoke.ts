import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { SmokeTarget } from '../domain/schema/outputs-schema.ts';
import { askWithOpencode, askOverHttp, skipped, type SmokeRow } from '../client/ask-opencode.ts';
import { clientFiles } from '../client/client-files.ts';
import { readBasics, type StackClient } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { findOpencode, INSTALL_OPENCODE } from '../client/client-home.ts';
import { inParallel } from '../client/parallel.ts';
import { STILL_STOPPING, stoppable } from '../console/stoppable.ts';
import { type RecordingProxy, startRecordingProxy } from '../client/recording-proxy.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ROOT } from '../console/home-paths.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { currentOutputs } from '../keys/current-outputs.ts';
import { table } from '../console/table.ts';

/** How many opencode processes run in parallel: they wait for providers most of the time, but each needs some 300 MB and 3 s of CPU. */
const PARALLEL = Math.min(8, Math.max(4, 2 * availableParallelism()));

/** Adds `smoke`. */
export function register(program: Command): void {
  program
    .command('smoke')
    .argument('[stack]', 'the stack', 'dev')
    .description(
      'send one request through every layer and provider with the real opencode; show who answered, how fast, and what failed',
    )
    .action(
      withOutput(async (out, stack: string) => {
        await requireStack(stack);
        await ensureReady({ need: ['pulumi'], onProgress: out.progress });
        const outputs = await currentOutputs(stack);
        const client = clientFiles(stack, outputs);
        const { endpoint } = unlessRefused(readBasics(stack, outputs));
        const rows = await stoppable(
          (again) => out.progress(again ? STILL_STOPPING : 'stopping …'),
          (signal) => smoke(out, stack, { client, endpoint, signal }),
        );
        if (rows.some(({ ok }) => ok === false)) process.exitCode = 1;
        out.result(rows, smokeText(rows));
      }),
    );
}

/** Arguments of {@link smoke} besides the stack's name. */
export interface SmokeRun {
  client: StackClient;
  /** The gateway's endpoint, used if opencode is not installed. */
  endpoint: string;
  /** Ends it early. */
  signal?: AbortSignal;
}

/** Sends one request through every layer and provider of a stack. */
export async function smoke(out: Output, stack: string, run: SmokeRun): Promise<SmokeRow[]> {
  const { smokeTargets } = run.client.clientMetadata;
  const requested = smokeTargets.some(({ skip }) => skip === undefined);
  const opencode = requested ? await findOpencode(ROOT) : undefined;
  if (requested && opencode === undefined)
    out.warn('opencode is not installed: only the gateway is tested, by plain HTTP');
  const proxy = await startRecordingProxy();
  try {
    const ask = (target: SmokeTarget): Promise<SmokeRow> =>
      askTarget(out, target, { ...run, stack, proxy, bin: opencode?.bin });
    return await inParallel(smokeTargets, PARALLEL, ask);
  } finally {
    await proxy.close();
  }
}

/** Sends one request: with opencode if it is installed, otherwise by plain HTTP, which only the gateway answers. */
async function askTarget(
  out: Output,
  target: SmokeTarget,
  run: SmokeRun & { stack: string; proxy: RecordingProxy; bin: string | undefined },
): Promise<SmokeRow> {
  const { skip, layer, provider, model } = target;
  const { stack, client, endpoint, proxy, bin, signal } = run;
  if (skip !== undefined) return skipped(target, `${skip.reason}; ${skip.command}`);
  if (bin !== undefined)
    return out.step(`${provider}/${model}`, () =>
      askWithOpencode(target, { stack, client, proxy, bin, signal }),
    );
  if (layer === 2) return askOverHttp(target, { stack, client, endpoint });
  return skipped(target, `opencode is not installed; ${INSTALL_OPENCODE}`);
}

/**
 * The results as text. The target is the first column, since it heads the row's block where the table does not fit.
 *
 * @param width the available columns.
 */
export function smokeText(rows: readonly SmokeRow[], width?: number): string {
  const state = ({ ok }: SmokeRow): string => (ok === null ? 'skipped' : ok ? 'ok' : 'FAILED');
  return table(
    ['target', 'layer', 'result', 'ms', 'note'],
    rows.map((row) => [
      [row.provider, row.model].filter(Boolean).join('/'),
      String(row.layer),
      state(row),
      row.ok === null ? '' : String(row.ms),
      row.reason.replace(/^skipped: /, ''),
    ]),
    undefined,
    width,
  );
}
