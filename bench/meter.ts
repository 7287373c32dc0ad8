/** Reads the CPU and memory usage of containers. */
import { existsSync, readFileSync } from 'node:fs';
import { docker } from '../engine/containers.ts';
import { dockerClient } from '../bootstrap/docker-host.ts';
import { type CgroupFiles, cgroupFiles, parseUsage, sumOf, usageOfStats } from './cgroup.ts';
import type { Usage } from './types.ts';

/** Reads the usage of a set of running containers. */
export interface Meter {
  /** The source of the figures: `cgroup v1`, `cgroup v2` or `docker stats`. */
  source: string;
  /** The sum over the containers. */
  read(): Promise<Usage>;
}

/** A meter for containers, by name or id. After a restart of a container a new meter is needed. */
export async function meterOf(containers: readonly string[]): Promise<Meter> {
  const meters = await Promise.all(containers.map(meterOfOne));
  return {
    source: meters[0]?.source ?? '',
    read: async () => sumOf(await Promise.all(meters.map((meter) => meter.read()))),
  };
}

async function meterOfOne(container: string): Promise<Meter> {
  const files = filesOf(await pidOf(container));
  if (files === undefined) return statsMeter(container);
  const read = (): Promise<Usage> => {
    const [cpu, memory] = [files.cpu, files.memory].map((path) => readFileSync(path, 'utf8'));
    return Promise.resolve(parseUsage(files.version, cpu ?? '', memory ?? ''));
  };
  return { source: `cgroup v${files.version}`, read };
}

async function pidOf(container: string): Promise<number> {
  return Number((await docker(['inspect', '--format', '{{.State.Pid}}', container])).stdout);
}

/** The files of a container's control group; undefined if this machine does not show them. */
function filesOf(pid: number): { version: CgroupFiles['version']; cpu: string; memory: string } | undefined {
  const membership = `/proc/${pid}/cgroup`;
  if (!pid || !existsSync(membership)) return undefined;
  const files = cgroupFiles(readFileSync(membership, 'utf8'));
  const cpu = files?.cpu.find(existsSync);
  const memory = files?.memory.find(existsSync);
  if (!files || !cpu || !memory) return undefined;
  return { version: files.version, cpu, memory };
}

async function statsMeter(container: string): Promise<Meter> {
  const one = (await dockerClient()).getContainer(container);
  const read = async (): Promise<Usage> => usageOfStats(await one.stats({ stream: false, 'one-shot': true }));
  return { source: 'docker stats', read };
}
