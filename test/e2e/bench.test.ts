/**
 * The benchmark with few requests: it measures and reports what was requested, and leaves nothing behind. By default the edge of one stack;
 * `npm run soak` measures all gateways, for which LiteLLM starts four times.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { BenchReport } from '../../bench/types.ts';
import { ROOT } from '../../console/home-paths.ts';
import { SOAK } from '../harness/soak.ts';

const MINUTE = 60_000;

let report: BenchReport;

beforeAll(async () => {
  const args = ['bench', SOAK ? 'gateways' : 'edge', '--quick', '--requests', '4', '--json'];
  const result = await execa(join(ROOT, 'switchyard'), args, {
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
  });
  report = JSON.parse(result.stdout) as BenchReport;
  // 30 minutes, as for the drills, because the images may have to be built first.
}, 30 * MINUTE);

if (SOAK) {
  test('every gateway has all of its figures', () => {
    const { gateways = [] } = report;
    const names = gateways.map(({ name }) => name);
    expect(names).toEqual(['direct', 'litellm', 'portkey', 'switchyard-1', 'switchyard-2']);
    for (const gateway of gateways) {
      for (const name of [
        'requestsPerSecond',
        'p50Ms',
        'p99Ms',
        'firstTokenMs',
        'cpuMsPerRequest',
        'rssMb',
        'coldStartCpuSeconds',
      ] as const)
        // prettier-ignore
        expect([gateway.name, name, gateway[name] > 0]).toEqual([gateway.name, name, true]);
      expect(gateway.idleCpuPercent).toBeGreaterThanOrEqual(0);
      expect(gateway.p99Ms).toBeGreaterThanOrEqual(gateway.p50Ms);
    }
  });

  test('gateways with a cache have the figures of cache hits', () => {
    const { gateways = [] } = report;
    const cached = gateways.filter(({ cacheHit }) => cacheHit !== undefined).map(({ name }) => name);
    expect(cached).toEqual(['litellm', 'switchyard-1', 'switchyard-2']);
    for (const { cacheHit } of gateways) expect(cacheHit?.p50Ms ?? 1).toBeGreaterThan(0);
  });
} else {
  test('the edge has all of its figures', () => {
    const { edge } = report;
    for (const name of ['cpuMsPerRequest', 'rssMb', 'p50Ms', 'gatewayP50Ms'] as const)
      expect([name, (edge?.[name] ?? 0) > 0]).toEqual([name, true]);
    expect(edge?.idleCpuPercent).toBeGreaterThanOrEqual(0);
  });
}

test('only the requested part ran', () => {
  expect(report.commands).toBeUndefined();
  if (SOAK) expect(report.edge).toBeUndefined();
  else expect(report.gateways).toBeUndefined();
});

test('nothing remains', () => {
  const { run, stacks } = report.made;
  const list = (...args: string[]): string => execFileSync('docker', args).toString();
  expect(list('ps', '-aq', '--filter', `label=switchyard.bench=${run}`)).toBe('');
  expect(stacks).toHaveLength(SOAK ? 2 : 1);
  for (const stack of stacks) {
    for (const label of ['switchyard.stack', 'switchyard.test'])
      expect(list('ps', '-aq', '--filter', `label=${label}=${stack}`)).toBe('');
    for (const kind of ['network', 'volume'])
      expect(list(kind, 'ls', '-q', '--filter', `name=${stack}`)).toBe('');
    expect(list('images', '-q', '--filter', `reference=switchyard-${stack}-*`)).toBe('');
  }
});
