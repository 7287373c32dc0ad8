/**
 * Runs drills on one stack with two gateways, as in production, through the command line. Short runs of a sample: `kill`, which needs no
 * deployment of its own, and one other chosen by the seed. `npm run soak` runs all of them at full length, with one gateway and
 * with two.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { DRILL_NAMES } from '../../cli/drill.ts';
import type { Report } from '../../drills/drill-types.ts';
import { ROOT } from '../../console/home-paths.ts';
import { sample, SEED, SOAK } from '../harness/soak.ts';

const MINUTE = 60_000;
/** Requests of each drill: just enough that every change happens under load. */
const REQUESTS = SOAK ? 1000 : 120;
const ALWAYS = ['kill'];
const others = DRILL_NAMES.filter((name) => !ALWAYS.includes(name));
const sampled = sample(others, 1);
const NAMES = SOAK ? DRILL_NAMES : DRILL_NAMES.filter((name) => [...ALWAYS, ...sampled].includes(name));
const REPLICAS = SOAK ? [1, 2] : [2];

let sum: { stack: string; drills: Report[] };

beforeAll(
  async () => {
    if (!SOAK) console.log(`drills of seed ${SEED}: ${NAMES.join(', ')}`);
    const replicas = SOAK ? [] : ['--replicas', '2'];
    const args = ['drill', ...NAMES, ...replicas, '--requests', String(REQUESTS), '--json'];
    const result = await execa(join(ROOT, 'switchyard'), args, {
      reject: false,
      stdin: 'ignore',
      stderr: 'inherit',
    });
    if (!result.stdout.includes('"drills"'))
      throw new Error(`switchyard ${args.join(' ')}: exit code ${result.exitCode}\n${result.stdout}`);
    sum = JSON.parse(result.stdout) as typeof sum;
  },
  SOAK ? 180 * MINUTE : 25 * MINUTE,
);

describe.each(NAMES)('drill %s', (name) => {
  test('passes', () => {
    const report = sum.drills.find(({ drill }) => drill === name);
    expect(report?.findings).toEqual([]);
    expect(report?.ok).toBe(true);
    expect(report?.runs.map(({ replicas }) => replicas)).toEqual(REPLICAS);
    expect(report?.sent).toBeGreaterThanOrEqual(REQUESTS);
    expect(report?.answered).toBe((report?.sent ?? 0) - (report?.failed ?? 0));
  });
});

test('nothing of their stack remains', () => {
  const { stack } = sum;
  expect(stack).toMatch(/-drill$/);
  const list = (...args: string[]): string => execFileSync('docker', args).toString();
  expect(list('ps', '-aq', '--filter', `label=switchyard.stack=${stack}`)).toBe('');
  expect(list('ps', '-aq', '--filter', `label=switchyard.test=${stack}`)).toBe('');
  for (const kind of ['network', 'volume'])
    expect(list(kind, 'ls', '-q', '--filter', `name=${stack}`)).toBe('');
  expect(list('images', '-q', '--filter', `reference=switchyard-${stack}-*`)).toBe('');
});
