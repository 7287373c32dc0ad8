import { expect, test } from '@jest/globals';
import { figuresOf } from '../../../bench/gateways.ts';
import { cell, describeBench } from '../../../bench/report.ts';
import type { Turn } from '../../../bench/rounds.ts';
import type { BenchReport } from '../../../bench/types.ts';

function turn(factor: number): Turn {
  return {
    requestsPerSecond: 1000 / factor,
    p50Ms: 3 * factor,
    p99Ms: 1234.5 * factor,
    firstTokenMs: 4 * factor,
    cpuMsPerRequest: 2 * factor,
  };
}

const rest = { rssBytes: 1234 * 1024 ** 2, cpuPercent: 12.345 };

function row(name: string, factor: number) {
  return {
    target: { name, coldStartCpuSeconds: 123.4 * factor },
    turns: [
      turn(factor),
      { ...turn(factor * 100), cacheHit: { p50Ms: 123.4, cpuMsPerRequest: 23.45 } },
      turn(factor),
    ],
    rest,
  };
}

const gateways = figuresOf([row('direct', 1), row('litellm', 10), row('switchyard-2', 20)]);

const report: BenchReport = {
  made: {
    at: '2026-11-27T07:00:00.000Z',
    run: 'bench-012345',
    stacks: ['t012345-bench1', 't012345-bench2'],
    quick: true,
    rounds: 3,
    requestsPerRound: 80,
    clients: 8,
    machine: { cores: 2, memoryMb: 24_000, loadBefore: 12.3, loadAfter: 23.4, usageFrom: 'docker stats' },
  },
  gateways,
  commands: ['preview', 'up', 'status', 'help'].map((name) => ({ name, cpuSeconds: 123, wallSeconds: 1234 })),
  edge: {
    cpuMsPerRequest: 12.3,
    rssMb: 1234,
    idleCpuPercent: 12.3,
    p50Ms: 1234,
    gatewayP50Ms: 1234,
    addedMs: -12.3,
  },
};

test('a row has the medians of its rounds, and the usage of all its containers', () => {
  expect(gateways[1]).toMatchObject({
    name: 'litellm',
    requestsPerSecond: 100,
    p50Ms: 30,
    p99Ms: 12345,
    firstTokenMs: 40,
    cpuMsPerRequest: 20,
    cacheHit: { p50Ms: 123, cpuMsPerRequest: 23.4 },
    rssMb: 1234,
    coldStartCpuSeconds: 1234,
    idleCpuPercent: 12.3,
  });
});

test('rows are compared with the upstream and with plain LiteLLM', () => {
  expect(gateways[2]?.againstDirect).toEqual({ requestsPerSecond: 0.05, p50Ms: 20, firstTokenMs: 20 });
  expect(gateways[2]?.againstLitellm).toEqual({
    requestsPerSecond: 0.5,
    p50Ms: 2,
    firstTokenMs: 2,
    cpuMsPerRequest: 2,
    rssMb: 1,
    coldStartCpuSeconds: 2,
  });
  const alone = figuresOf([row('switchyard-1', 1)]);
  expect(Object.values(alone[0]?.againstLitellm ?? {}).filter(Boolean)).toEqual([]);
});

test('the text fits into 80 columns', () => {
  for (const line of describeBench(report, false).split('\n'))
    expect([line, line.length <= 80]).toEqual([line, true]);
});

test('the text contains every row, and no parts that did not run', () => {
  const text = describeBench(report, false);
  for (const name of ['direct', 'litellm', 'switchyard-2', 'preview', 'help', 'edge:'])
    expect(text).toContain(name);
  const only = { made: report.made, gateways };
  expect(describeBench(only, false)).not.toMatch(/preview|edge:/);
});

test('a missing figure is a dash', () => {
  expect(cell(undefined)).toBe('-');
  expect(cell(NaN)).toBe('-');
  expect(cell(12.345)).toBe('12.3');
  expect(cell(1234.5)).toBe('1235');
});
