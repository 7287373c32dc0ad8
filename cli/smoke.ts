import type { Command } from 'commander';
import type { SmokeTarget } from '../domain/schema/outputs-schema.ts';
import { askOverHttp, skipped, type SmokeRow } from '../client/smoke-rows.ts';
import { SmokeClient } from '../client/smoke-client.ts';
import { clientFiles } from '../client/client-files.ts';
import { readBasics, type StackClient } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { findOpencode, INSTALL_OPENCODE } from '../client/client-home.ts';
import { inParallel } from '../client/parallel.ts';
import { STILL_STOPPING, stoppable } from '../console/stoppable.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ROOT } from '../console/home-paths.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { currentOutputs } from '../keys/current-outputs.ts';
import { table } from '../console/table.ts';

/** How many targets are asked at once: few enough that a provider with a low limit of parallel requests answers. */
const PARALLEL = 8;

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
  const { client, signal } = run;
  const { smokeTargets } = client.clientMetadata;
  const targets = smokeTargets.filter(({ skip }) => skip === undefined);
  const opencode = targets.length > 0 ? await findOpencode(ROOT) : undefined;
  if (targets.length > 0 && opencode === undefined)
    out.warn('opencode is not installed: only the gateway is tested, by plain HTTP');
  const asking = opencode && (await SmokeClient.start({ stack, client, targets, bin: opencode.bin, signal }));
  try {
    return await inParallel(smokeTargets, PARALLEL, (target) =>
      askTarget(out, target, { ...run, stack, asking }),
    );
  } finally {
    await asking?.stop();
  }
}

/** Sends one request: with opencode if it is installed, otherwise by plain HTTP, which only the gateway answers. */
async function askTarget(
  out: Output,
  target: SmokeTarget,
  run: SmokeRun & { stack: string; asking: SmokeClient | undefined },
): Promise<SmokeRow> {
  const { skip, layer, provider, model } = target;
  const { stack, client, endpoint, asking } = run;
  if (skip !== undefined) return skipped(target, `${skip.reason}; ${skip.command}`);
  if (asking !== undefined) return out.step(`${provider}/${model}`, () => asking.ask(target));
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
