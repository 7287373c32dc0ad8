/** Runs jest in its own process and reads its report. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type RunOptions } from './run-stage.ts';
import type { JestReport } from './stages.ts';

/**
 * The timeout that ends a hanging test. It is not a performance limit, since the machine may be busy with other stages. Tests that wait for
 * containers have their own timeouts.
 */
const HANG_TIMEOUT_MS = 120_000;

/**
 * Runs jest.
 *
 * @param args its arguments.
 * @returns its report; if there is none, the report of a failed run.
 */
export async function jest(args: string[], options: RunOptions = {}): Promise<JestReport> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-test-'));
  const file = join(folder, 'report.json');
  const command = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    `--testTimeout=${HANG_TIMEOUT_MS}`,
    '--json',
    `--outputFile=${file}`,
    ...args,
  ];
  try {
    await run(process.execPath, command, options);
    return JSON.parse(await readFile(file, 'utf8')) as JestReport;
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numRuntimeErrorTestSuites: 0, testResults: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
