/** What Linux tells of a container's CPU and memory, in both versions of control groups. Pure. */
import type { Usage } from './types.ts';

/** Where the figures of a process's control group are. */
export interface CgroupFiles {
  version: 1 | 2;
  /** Files with its CPU; the first that exists. */
  cpu: string[];
  /** Files with its memory; the first that exists. */
  memory: string[];
}

const ROOT = '/sys/fs/cgroup';

/**
 * The files of a process's control group.
 *
 * @param membership the text of `/proc/<pid>/cgroup`.
 * @returns undefined where it names no group of either version that counts CPU and memory.
 */
export function cgroupFiles(membership: string): CgroupFiles | undefined {
  const lines = membership.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    // The root counts the whole machine: a namespace hides the process's own group.
    return controllers === undefined || path === undefined || path === '/' ? [] : [{ controllers, path }];
  });
  const of = (name: string) => lines.find(({ controllers }) => controllers.split(',').includes(name));
  const [cpu, memory] = [of('cpuacct'), of('memory')];
  if (cpu && memory) {
    const places = (line: { controllers: string; path: string }, name: string, file: string): string[] =>
      // Controllers that are mounted together have a folder of their joint name, and often a link of each name.
      [...new Set([line.controllers, name])].map((folder) => under(folder, line.path, file));
    return {
      version: 1,
      cpu: places(cpu, 'cpuacct', 'cpuacct.usage'),
      memory: places(memory, 'memory', 'memory.stat'),
    };
  }
  const unified = lines.find(({ controllers }) => controllers === '');
  if (unified === undefined) return undefined;
  return {
    version: 2,
    cpu: [under('', unified.path, 'cpu.stat')],
    memory: [under('', unified.path, 'memory.stat')],
  };
}

function under(folder: string, path: string, file: string): string {
  return [ROOT, folder, path, file].join('/').replace(/\/{2,}/g, '/');
}

/**
 * CPU and memory from the texts of {@link CgroupFiles}.
 *
 * @throws Error where a text has not the form of that version.
 */
export function parseUsage(version: 1 | 2, cpu: string, memory: string): Usage {
  return version === 1
    ? { cpuSeconds: whole(cpu.trim(), 'cpuacct.usage') / 1e9, rssBytes: field(memory, 'total_rss') }
    : { cpuSeconds: field(cpu, 'usage_usec') / 1e6, rssBytes: field(memory, 'anon') };
}

function field(text: string, name: string): number {
  return whole(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1], name);
}

function whole(digits: string | undefined, name: string): number {
  if (digits === undefined || !/^\d+$/.test(digits)) throw new Error(`the control group has no ${name}`);
  return Number(digits);
}

/** The part of Docker's own statistics of a container that is used. */
export interface DockerStats {
  cpu_stats: { cpu_usage: { total_usage: number } };
  memory_stats: { usage?: number; stats?: Record<string, number> };
}

/** CPU and memory from Docker's statistics: where the daemon runs on another machine, or in a virtual one. */
export function usageOfStats({ cpu_stats: cpu, memory_stats: memory }: DockerStats): Usage {
  const { stats = {}, usage = 0 } = memory;
  return {
    cpuSeconds: cpu.cpu_usage.total_usage / 1e9,
    rssBytes: stats.total_rss ?? stats.anon ?? usage,
  };
}

/** The sum over containers. */
export function sumOf(usages: readonly Usage[]): Usage {
  return usages.reduce(
    (sum, { cpuSeconds, rssBytes }) => ({
      cpuSeconds: sum.cpuSeconds + cpuSeconds,
      rssBytes: sum.rssBytes + rssBytes,
    }),
    { cpuSeconds: 0, rssBytes: 0 },
  );
}
