import { expect, test } from '@jest/globals';
import { cgroupFiles, parseUsage, sumOf, usageOfStats } from '../../../bench/cgroup.ts';

const V1 = `9:name=systemd:/docker/8c92
4:memory:/docker/8c92
2:cpuacct:/docker/8c92
1:cpu:/docker/8c92
0::/docker/8c92
`;

test('version 1, each controller mounted separately', () => {
  expect(cgroupFiles(V1)).toEqual({
    version: 1,
    cpu: ['/sys/fs/cgroup/cpuacct/docker/8c92/cpuacct.usage'],
    memory: ['/sys/fs/cgroup/memory/docker/8c92/memory.stat'],
  });
});

test('version 1, CPU controllers mounted together', () => {
  const text = '4:cpu,cpuacct:/docker/8c92\n3:memory:/docker/8c92\n';
  expect(cgroupFiles(text)?.cpu).toEqual([
    '/sys/fs/cgroup/cpu,cpuacct/docker/8c92/cpuacct.usage',
    '/sys/fs/cgroup/cpuacct/docker/8c92/cpuacct.usage',
  ]);
});

test('version 2', () => {
  expect(cgroupFiles('0::/system.slice/docker-8c92.scope\n')).toEqual({
    version: 2,
    cpu: ['/sys/fs/cgroup/system.slice/docker-8c92.scope/cpu.stat'],
    memory: ['/sys/fs/cgroup/system.slice/docker-8c92.scope/memory.stat'],
  });
});

test("the root group is not taken for a container's", () => {
  expect(cgroupFiles('0::/\n')).toBeUndefined();
  expect(cgroupFiles('4:memory:/\n2:cpuacct:/\n')).toBeUndefined();
  expect(cgroupFiles('')).toBeUndefined();
});

test('usage of version 1: nanoseconds, and the memory of the whole group', () => {
  const memory = 'cache 900\nrss 100\ntotal_cache 900\ntotal_rss 2048\n';
  expect(parseUsage(1, '1500000000\n', memory)).toEqual({ cpuSeconds: 1.5, rssBytes: 2048 });
});

test('usage of version 2: microseconds, and anonymous memory', () => {
  const cpu = 'usage_usec 2500000\nuser_usec 1\nsystem_usec 2\n';
  const memory = 'anon 4096\nfile 9000\nanon_thp 0\n';
  expect(parseUsage(2, cpu, memory)).toEqual({ cpuSeconds: 2.5, rssBytes: 4096 });
});

test('a text with another format is an error', () => {
  expect(() => parseUsage(1, '', 'total_rss 1\n')).toThrow('cpuacct.usage');
  expect(() => parseUsage(2, 'user_usec 1\n', 'anon 1\n')).toThrow('usage_usec');
  expect(() => parseUsage(2, 'usage_usec 1\n', 'file 1\n')).toThrow('anon');
});

test("Docker's statistics, with either version", () => {
  const cpu_stats = { cpu_usage: { total_usage: 3e9 } };
  expect(usageOfStats({ cpu_stats, memory_stats: { usage: 9, stats: { total_rss: 5 } } })).toEqual({
    cpuSeconds: 3,
    rssBytes: 5,
  });
  expect(usageOfStats({ cpu_stats, memory_stats: { usage: 9, stats: { anon: 4 } } }).rssBytes).toBe(4);
  expect(usageOfStats({ cpu_stats, memory_stats: { usage: 9 } }).rssBytes).toBe(9);
});

test('the usage of several containers is summed', () => {
  const one = { cpuSeconds: 1, rssBytes: 10 };
  expect(sumOf([one, one])).toEqual({ cpuSeconds: 2, rssBytes: 20 });
  expect(sumOf([])).toEqual({ cpuSeconds: 0, rssBytes: 0 });
});
