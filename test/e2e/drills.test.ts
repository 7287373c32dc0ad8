/** One short drill of each kind, on one stack, through the command line; `npm run drills` runs them at full length. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { DRILL_NAMES } from '../../cli/drill.ts';
import type { Report } from '../drills/types.ts';
import { ROOT } from '../harness/checkout.ts';

const MINUTE = 60_000;
/** Of each drill: enough to be in the middle of every change, and no more. */
const REQUESTS = 120;

let sum: { stack: string; drills: Report[] };

beforeAll(async () => {
  const args = ['drill', '--replicas', '1', '--requests', String(REQUESTS), '--json'];
  const result = await execa(join(ROOT, 'switchyard'), args, {
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
  });
  sum = JSON.parse(result.stdout) as typeof sum;
}, 25 * MINUTE);

describe.each(DRILL_NAMES)('drill %s', (name) => {
  test('holds', () => {
    const report = sum.drills.find(({ drill }) => drill === name);
    expect(report?.findings).toEqual([]);
    expect(report?.ok).toBe(true);
    expect(report?.sent).toBeGreaterThanOrEqual(REQUESTS);
    expect(report?.answered).toBe((report?.sent ?? 0) - (report?.failed ?? 0));
  });
});

test('nothing of their stack is left', () => {
  const { stack } = sum;
  expect(stack).toMatch(/-drill$/);
  const list = (...args: string[]): string => execFileSync('docker', args).toString();
  expect(list('ps', '-aq', '--filter', `label=switchyard.stack=${stack}`)).toBe('');
  expect(list('ps', '-aq', '--filter', `label=switchyard.test=${stack}`)).toBe('');
  for (const kind of ['network', 'volume'])
    expect(list(kind, 'ls', '-q', '--filter', `name=${stack}`)).toBe('');
  expect(list('images', '-q', '--filter', `reference=switchyard-${stack}-*`)).toBe('');
});
