/** Measures the cost of the edge in addition to the gateway behind it. */
import { Agent } from 'node:http';
import { docker, stackContainers } from '../engine/containers.ts';
import type { Output } from '../console/output.ts';
import { dockerName } from '../infra/docker-names.ts';
import { ask, type Endpoint } from './ask.ts';
import { idleUsage } from './gateways.ts';
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
  const pairs = await out.step(`${sizes.pairs} pairs of requests, with and without the edge`, () =>
    measurePairs([through, without], sizes.pairs, signal),
  );
  const meter = await meterOf([idOf('edge')]);
  const before = await meter.read();
  await out.step(`${sizes.loaded} requests from ${sizes.clients} parallel clients`, () =>
    load(stack, { requests: sizes.loaded, clients: sizes.clients, signal }),
  );
  const after = await meter.read();
  const [idle] = await out.step(`${sizes.idleSeconds} s without requests`, () =>
    idleUsage([{ containers: [idOf('edge')] }], sizes.idleSeconds, signal),
  );
  return {
    cpuMsPerRequest: rounded(((after.cpuSeconds - before.cpuSeconds) * 1000) / sizes.loaded),
    rssMb: rounded(after.rssBytes / 1024 ** 2),
    idleCpuPercent: rounded(idle!.cpuPercent),
    ...(pairs ?? { p50Ms: await medianThroughEdge(stack, sizes, signal, out) }),
  };
}

/** A container's own address on its stack's network, so that both kinds of requests bypass Docker's port forwarding. */
async function addressOf(id: string, stack: string, port: number): Promise<{ host: string; port: number }> {
  const format = `{{(index .NetworkSettings.Networks "${dockerName(stack)}").IPAddress}}`;
  return { host: (await docker(['inspect', '--format', format, id])).stdout, port };
}

type PairFigures = Required<Pick<EdgeFigures, 'p50Ms' | 'gatewayP50Ms' | 'addedMs'>>;

/** Sends pairs of requests, one to each endpoint; undefined if this machine cannot reach containers by their own addresses. */
async function measurePairs(
  endpoints: readonly [Endpoint, Endpoint],
  pairs: number,
  signal: AbortSignal,
): Promise<PairFigures | undefined> {
  const agent = new Agent({ keepAlive: true });
  const time = async (endpoint: Endpoint): Promise<number> =>
    (await ask(endpoint, newText(), { agent, signal })).totalMs;
  try {
    for (const endpoint of endpoints) if (!(await isReachable(endpoint))) return undefined;
    const times: [number, number][] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      // The order alternates, because the first request of a pair may be slower.
      const swapped = pair % 2 === 1;
      const first = await time(endpoints[swapped ? 1 : 0]);
      const second = await time(endpoints[swapped ? 0 : 1]);
      times.push(swapped ? [second, first] : [first, second]);
    }
    return pairFigures(times);
  } finally {
    agent.destroy();
  }
}

/** The figures of pairs of times: with and without the edge. */
export function pairFigures(times: readonly (readonly [number, number])[]): PairFigures {
  return {
    p50Ms: rounded(median(times.map(([through]) => through))),
    gatewayP50Ms: rounded(median(times.map(([, without]) => without))),
    addedMs: rounded(median(times.map(([through, without]) => through - without))),
  };
}

async function isReachable({ host, port }: Endpoint): Promise<boolean> {
  const url = `http://${host}:${port}/health/readiness`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok === true;
}

async function medianThroughEdge(
  stack: BenchStack,
  sizes: Sizes,
  signal: AbortSignal,
  out: Output,
): Promise<number> {
  out.warn(
    'this machine cannot reach containers by their own addresses, so the time that the edge adds is unknown',
  );
  const { answers } = await load(stack, { requests: sizes.pairs, clients: 1, signal });
  return rounded(median(answers.map(({ totalMs }) => totalMs)));
}
