/** Runs jest in a process of its own, and reads its report. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type RunOptions } from './run-stage.ts';
import type { JestReport } from './stages.ts';

/**
 * A test that hangs ends after this long. No measure of anything: the machine may be busy with other stages. Tests that wait for
 * containers have limits of their own.
 */
const HANGS_MS = 120_000;

/**
 * Runs jest.
 *
 * @param args its arguments.
 * @returns its report; without one, that of a run that failed.
 */
export async function jest(args: string[], options: RunOptions = {}): Promise<JestReport> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-test-'));
  const file = join(folder, 'report.json');
  const command = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    `--testTimeout=${HANGS_MS}`,
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
