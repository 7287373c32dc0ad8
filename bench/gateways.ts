/** Compares gateways: direct, plain LiteLLM, Portkey, one Switchyard gateway, two. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Output } from '../console/output.ts';
import { load } from './bench-load.ts';
import { type Meter, meterOf } from './meter.ts';
import { mediansOf, takeTurn, type Turn, type TurnOptions } from './rounds.ts';
import { ratio, rounded } from './statistics.ts';
import type { Target } from './targets.ts';
import type { GatewayFigures, Ratios, Usage } from './types.ts';

/** The usage of an idle target. */
interface IdleUsage {
  rssBytes: number;
  cpuPercent: number;
}

/**
 * Measures all targets in turn, round after round, so that a machine that becomes slower affects all of them.
 *
 * @returns their figures in the order of the targets.
 */
export async function measureGateways(
  targets: readonly Target[],
  options: TurnOptions,
  out: Output,
): Promise<GatewayFigures[]> {
  const { sizes, signal } = options;
  const turns = targets.map(() => [] as Turn[]);
  await out.step('warm-up requests', async () => {
    for (const target of targets) await load(target, { requests: sizes.warmUp, clients: 2, signal });
  });
  for (let round = 1; round <= sizes.rounds; round += 1) {
    await out.step(`round ${round} of ${sizes.rounds}`, async () => {
      for (const [index, target] of targets.entries()) turns[index]?.push(await takeTurn(target, options));
    });
  }
  const idle = await out.step(`${sizes.idleSeconds} s without requests`, () =>
    idleUsage(targets, sizes.idleSeconds, signal),
  );
  return figuresOf(targets.map((target, index) => ({ target, turns: turns[index]!, rest: idle[index]! })));
}

/** The usage of targets without requests, measured for all at the same time. */
export async function idleUsage(
  targets: readonly Pick<Target, 'containers'>[],
  seconds: number,
  signal: AbortSignal,
): Promise<IdleUsage[]> {
  // Wait until the work after the last answers is done, e.g. writing to the disk.
  await sleep(2000, undefined, { signal });
  const meters = await Promise.all(targets.map(({ containers }) => meterOf(containers)));
  const begun = performance.now();
  const before = await readAll(meters);
  await sleep(seconds * 1000, undefined, { signal });
  const elapsed = (performance.now() - begun) / 1000;
  const after = await readAll(meters);
  return after.map(({ cpuSeconds, rssBytes }, index) => ({
    rssBytes,
    cpuPercent: ((cpuSeconds - before[index]!.cpuSeconds) / elapsed) * 100,
  }));
}

async function readAll(meters: readonly Meter[]): Promise<Usage[]> {
  return Promise.all(meters.map((meter) => meter.read()));
}

/** The report's rows, each compared with `direct` and `litellm`. */
export function figuresOf(
  measured: readonly {
    target: Pick<Target, 'name' | 'coldStartCpuSeconds'>;
    turns: readonly Turn[];
    rest: IdleUsage;
  }[],
): GatewayFigures[] {
  const rows = measured.map(({ target, turns, rest }) => {
    const { cacheHit, ...medians } = mediansOf(turns);
    return {
      name: target.name,
      ...roundedAll(medians),
      ...(cacheHit ? { cacheHit: roundedAll(cacheHit) } : {}),
      rssMb: rounded(rest.rssBytes / 1024 ** 2),
      coldStartCpuSeconds: rounded(target.coldStartCpuSeconds),
      idleCpuPercent: rounded(rest.cpuPercent),
    };
  });
  const named = (name: string) => rows.find((row) => row.name === name);
  return rows.map((row) => ({
    ...row,
    againstDirect: compare(row, named('direct'), OF_A_REQUEST),
    againstLitellm: compare(
      row,
      named('litellm'),
      row.name === 'direct' ? OF_A_REQUEST : [...OF_A_REQUEST, ...OF_ITS_CONTAINERS],
    ),
  }));
}

const OF_A_REQUEST = ['requestsPerSecond', 'p50Ms', 'firstTokenMs'] as const;
/** Not compared with `direct`, whose container is the upstream itself. */
const OF_ITS_CONTAINERS = ['cpuMsPerRequest', 'rssMb', 'coldStartCpuSeconds'] as const;

function compare(
  row: Record<keyof Ratios, number>,
  base: Record<keyof Ratios, number> | undefined,
  names: readonly (keyof Ratios)[],
): Ratios {
  return Object.fromEntries(names.map((name) => [name, ratio(row[name], base?.[name])]));
}

function roundedAll<T extends Record<keyof T, number>>(figures: T): T {
  const entries = Object.entries<number>(figures).map(([name, value]) => [name, rounded(value)]);
  return Object.fromEntries(entries) as T;
}
