/** Parses a container's CPU and memory usage from both versions of Linux control groups. Pure. */
import type { Usage } from './types.ts';

/** The files with the usage of a process's control group. */
export interface CgroupFiles {
  version: 1 | 2;
  /** Possible files with its CPU usage; the first that exists is used. */
  cpu: string[];
  /** Possible files with its memory usage; the first that exists is used. */
  memory: string[];
}

const ROOT = '/sys/fs/cgroup';

/**
 * The files of a process's control group.
 *
 * @param membership the text of `/proc/<pid>/cgroup`.
 * @returns undefined if it lists no group of either version that counts CPU and memory.
 */
export function cgroupFiles(membership: string): CgroupFiles | undefined {
  const lines = membership.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    // The root group counts the whole machine; it is listed if a namespace hides the process's own group.
    return controllers === undefined || path === undefined || path === '/' ? [] : [{ controllers, path }];
  });
  const of = (name: string) => lines.find(({ controllers }) => controllers.split(',').includes(name));
  const [cpu, memory] = [of('cpuacct'), of('memory')];
  if (cpu && memory) {
    const candidates = (line: { controllers: string; path: string }, name: string, file: string): string[] =>
      // Controllers that are mounted together have a folder with their joint name, and often a link for each name.
      [...new Set([line.controllers, name])].map((folder) => under(folder, line.path, file));
    return {
      version: 1,
      cpu: candidates(cpu, 'cpuacct', 'cpuacct.usage'),
      memory: candidates(memory, 'memory', 'memory.stat'),
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
 * Parses CPU and memory usage from the texts of {@link CgroupFiles}.
 *
 * @throws Error if a text does not have the format of that version.
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

/** The part of Docker's statistics of a container that is used. */
export interface DockerStats {
  cpu_stats: { cpu_usage: { total_usage: number } };
  memory_stats: { usage?: number; stats?: Record<string, number> };
}

/** CPU and memory usage from Docker's statistics, for a daemon on another machine or in a virtual machine. */
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
