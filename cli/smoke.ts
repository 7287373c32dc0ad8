import type { Command } from 'commander';
import type { Probe } from '../domain/schema/outputs-schema.ts';
import { askByClient, askByHttp, skipped, type SmokeRow } from '../client/ask-opencode.ts';
import { clientFiles } from '../client/client-files.ts';
import { readBasics, type StackClient } from '../domain/read/outputs-reader.ts';
import { unlessRefused } from '../console/errors.ts';
import { findOpencode, INSTALL_OPENCODE } from '../client/client-home.ts';
import { inParallel } from '../client/parallel.ts';
import { STILL_STOPPING, stoppable } from '../console/stoppable.ts';
import { openTap } from '../client/tap.ts';
import { type Output, withOutput } from '../console/output.ts';
import { ROOT } from '../console/home-paths.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { currentOutputs } from '../keys/current-outputs.ts';
import { table } from '../console/table.ts';

/** How many opencode processes run at once: a small machine can start no more. */
const PARALLEL = 2;

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
        out.result(rows, tableOf(rows));
      }),
    );
}

/** Arguments of {@link smoke} beside the stack's name. */
export interface SmokeRun {
  client: StackClient;
  /** The gateway's endpoint, used if opencode is not installed. */
  endpoint: string;
  /** Ends it early. */
  signal?: AbortSignal;
}

/** Sends one request through every layer and provider of a stack. */
export async function smoke(out: Output, stack: string, run: SmokeRun): Promise<SmokeRow[]> {
  const { client, endpoint, signal } = run;
  const asked = client.guide.probes.filter(({ skip }) => skip === undefined);
  const opencode = asked.length > 0 ? await findOpencode(ROOT) : undefined;
  if (asked.length > 0 && opencode === undefined)
    out.warn('opencode is not installed: only the gateway is tested, by plain HTTP');
  const tap = await openTap();
  try {
    const work = (probe: Probe): Promise<SmokeRow> => {
      if (probe.skip) return Promise.resolve(skipped(probe, `${probe.skip.reason}; ${probe.skip.command}`));
      if (opencode)
        return out.step(`${probe.provider}/${probe.model}`, () =>
          askByClient(probe, { stack, client, tap, bin: opencode.bin, signal }),
        );
      if (probe.layer === 2) return askByHttp(probe, { stack, client, endpoint });
      return Promise.resolve(skipped(probe, `opencode is not installed; ${INSTALL_OPENCODE}`));
    };
    return await inParallel(client.guide.probes, PARALLEL, work);
  } finally {
    await tap.close();
  }
}

function tableOf(rows: readonly SmokeRow[]): string {
  const state = ({ ok }: SmokeRow): string => (ok === null ? 'skipped' : ok ? 'ok' : 'FAILED');
  return table(
    ['layer', 'provider', 'model', '', 'ms', ''],
    rows.map((row) => [
      String(row.layer),
      row.provider,
      row.model,
      state(row),
      row.ok === null ? '' : String(row.ms),
      row.reason.replace(/^skipped: /, ''),
    ]),
  );
}
