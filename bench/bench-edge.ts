/** What the edge costs beside the gateway behind it. */
import { Agent } from 'node:http';
import { docker, stackContainers } from '../engine/containers.ts';
import type { Output } from '../console/output.ts';
import { dockerName } from '../infra/docker-names.ts';
import { ask, type Endpoint } from './ask.ts';
import { restOf } from './gateways.ts';
import { load, newText } from './bench-load.ts';
import { meterOf } from './meter.ts';
import type { BenchStack } from './rig.ts';
import type { Sizes } from './sizes.ts';
import { median, rounded } from './statistics.ts';
import type { EdgeFigures } from './types.ts';

/** Measures the edge of a stack with one gateway. */
export async function measureEdge(
  stack: BenchStack,
  { sizes, signal }: { sizes: Sizes; signal: AbortSignal },
  out: Output,
): Promise<EdgeFigures> {
  const containers = await stackContainers(stack.stack);
  const idOf = (role: string): string => containers.find((one) => one.role === role)?.id ?? '';
  await load(stack, { requests: sizes.warmUp, clients: 2, signal });
  const through = { ...stack.endpoint, ...(await addressOf(idOf('edge'), stack.stack, 8080)) };
  const without = { ...stack.endpoint, ...(await addressOf(idOf('gateway'), stack.stack, 4000)) };
  const pairs = await out.step(`${sizes.pairs} pairs of requests, through the edge and without it`, () =>
    measurePairs([through, without], sizes.pairs, signal),
  );
  const meter = await meterOf([idOf('edge')]);
  const before = await meter.read();
  await out.step(`${sizes.loaded} requests at once by ${sizes.clients} clients`, () =>
    load(stack, { requests: sizes.loaded, clients: sizes.clients, signal }),
  );
  const after = await meter.read();
  const [rest] = await out.step(`${sizes.idleSeconds} s without a request`, () =>
    restOf([{ containers: [idOf('edge')] }], sizes.idleSeconds, signal),
  );
  return {
    cpuMsPerRequest: rounded(((after.cpuSeconds - before.cpuSeconds) * 1000) / sizes.loaded),
    rssMb: rounded(after.rssBytes / 1024 ** 2),
    idleCpuPercent: rounded(rest!.cpuPercent),
    ...(pairs ?? { p50Ms: await published(stack, sizes, signal, out) }),
  };
}

/** A container's own address on its stack's network: so neither way has Docker's port forwarding before it. */
async function addressOf(id: string, stack: string, port: number): Promise<{ host: string; port: number }> {
  const format = `{{(index .NetworkSettings.Networks "${dockerName(stack)}").IPAddress}}`;
  return { host: (await docker(['inspect', '--format', format, id])).stdout, port };
}

type PairFigures = Required<Pick<EdgeFigures, 'p50Ms' | 'gatewayP50Ms' | 'addedMs'>>;

/** Asks both ways one after the other, pair by pair; undefined where this machine does not reach containers by their addresses. */
async function measurePairs(
  ways: readonly [Endpoint, Endpoint],
  pairs: number,
  signal: AbortSignal,
): Promise<PairFigures | undefined> {
  const agent = new Agent({ keepAlive: true });
  const time = async (way: Endpoint): Promise<number> =>
    (await ask(way, newText(), { agent, signal })).totalMs;
  try {
    for (const way of ways) if (!(await reaches(way))) return undefined;
    const times: [number, number][] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      // Either goes first every other time: the first of a pair may find a colder machine.
      const swapped = pair % 2 === 1;
      const first = await time(ways[swapped ? 1 : 0]);
      const second = await time(ways[swapped ? 0 : 1]);
      times.push(swapped ? [second, first] : [first, second]);
    }
    return pairFigures(times);
  } finally {
    agent.destroy();
  }
}

/** The figures of pairs of times: through the edge and without it. */
export function pairFigures(times: readonly (readonly [number, number])[]): PairFigures {
  return {
    p50Ms: rounded(median(times.map(([through]) => through))),
    gatewayP50Ms: rounded(median(times.map(([, without]) => without))),
    addedMs: rounded(median(times.map(([through, without]) => through - without))),
  };
}

async function reaches({ host, port }: Endpoint): Promise<boolean> {
  const url = `http://${host}:${port}/health/readiness`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok === true;
}

async function published(stack: BenchStack, sizes: Sizes, signal: AbortSignal, out: Output): Promise<number> {
  out.warn('this machine does not reach containers by their own addresses: what the edge adds is unknown');
  const { answers } = await load(stack, { requests: sizes.pairs, clients: 1, signal });
  return rounded(median(answers.map(({ totalMs }) => totalMs)));
}
