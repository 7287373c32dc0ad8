/** Runs the parts of the benchmark on one throwaway checkout, which is created before and always removed afterwards. */
import { setMaxListeners } from 'node:events';
import { cpus, loadavg, totalmem } from 'node:os';
import type { Output } from '../console/output.ts';
import { measureCommands } from './bench-commands.ts';
import { measureEdge } from './bench-edge.ts';
import { measureGateways } from './gateways.ts';
import { meterOf } from './meter.ts';
import { type BenchStack, Rig } from './rig.ts';
import { type Sizes, sizesOf } from './sizes.ts';
import type { BenchReport, GatewayFigures, Part } from './types.ts';

/** Options of {@link runBench}. */
export interface BenchOptions {
  parts: readonly Part[];
  quick: boolean;
  /** Requests of a round with several clients, if not the default. */
  requests?: number | undefined;
  /** When it is aborted, everything ends as soon as possible and is cleaned up. */
  signal: AbortSignal;
}

/** Measures, cleans up, and returns the report. */
export async function runBench(options: BenchOptions, out: Output): Promise<BenchReport> {
  const { parts, quick, signal } = options;
  setMaxListeners(0, signal);
  const sizes = sizesOf(options);
  const loadBefore = loadNow();
  const rig = await Rig.create(out, signal);
  try {
    const one = await rig.startStack(1);
    const usageFrom = (await meterOf(one.containers.slice(0, 1))).source;
    const measured: Omit<BenchReport, 'made'> = {
      ...(parts.includes('edge') ? { edge: await measureEdge(one, { sizes, signal }, out) } : {}),
      ...(parts.includes('commands') ? { commands: await commands(rig, one, sizes, signal, out) } : {}),
      ...(parts.includes('gateways') ? { gateways: await gateways(rig, one, sizes, signal, out) } : {}),
    };
    const machine = {
      cores: cpus().length,
      memoryMb: Math.round(totalmem() / 1024 ** 2),
      loadBefore,
      loadAfter: loadNow(),
      usageFrom,
    };
    const { rounds, loaded, clients } = sizes;
    const at = new Date().toISOString();
    const { run, stacks } = rig;
    return {
      made: { at, run, stacks, quick, rounds, requestsPerRound: loaded, clients, machine },
      ...measured,
    };
  } finally {
    await out.step('removing the throwaway stacks and containers', () => rig.remove());
  }
}

function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

function commands(rig: Rig, one: BenchStack, sizes: Sizes, signal: AbortSignal, out: Output) {
  const run = (command: string, args: string[]) => rig.checkout.run(command, args, { signal });
  return measureCommands(one.stack, { repeats: sizes.repeats, run, signal }, out);
}

async function gateways(
  rig: Rig,
  one: BenchStack,
  sizes: Sizes,
  signal: AbortSignal,
  out: Output,
): Promise<GatewayFigures[]> {
  const direct = await rig.direct();
  const litellm = await rig.litellm();
  const portkey = await rig.portkey();
  const two = await rig.startStack(2);
  const received = () => rig.received();
  return measureGateways([direct, litellm, portkey, one, two], { sizes, signal, received }, out);
}
