/** `./switchyard test`: what `npm test` runs. Brings what the tests need, checks the sources, runs jest, counts. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { type Output, withOutput } from './output.ts';
import { ROOT } from './pulumi.ts';
import { ensureReady } from './setup/ready.ts';

/** Adds `test` to the command line. */
export function register(program: Command): void {
  program
    .command('test')
    .description("for developers: run the tests (jest's arguments may follow)") // prettier-ignore
    .argument('[jest...]', "jest's arguments, e.g. test/unit")
    .allowUnknownOption()
    .action(withOutput(test));
}

async function test(out: Output, args: string[]): Promise<void> {
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  const checks = args.length > 0 ? [] : CHECKS;
  let failed = 0;
  for (const [label, command, ...rest] of checks) {
    const result = await out.step(label, () => run(command, rest));
    if (result !== 0) failed += 1;
  }
  const counts = await jest(args);
  const passed = checks.length - failed + counts.passed;
  failed += counts.failed;
  if (failed > 0 || passed === 0) process.exitCode = 1;
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}

/** Each counts as one test. */
const CHECKS: [label: string, command: string, ...args: string[]][] = [
  ['checking types', 'node_modules/.bin/tsc', '--noEmit'],
  ['checking style', 'node_modules/.bin/eslint', '.'],
  ['checking format', 'node_modules/.bin/prettier', '--check', '--log-level=warn', '.'],
];

async function run(command: string, args: string[]): Promise<number> {
  const result = await execa(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], reject: false });
  return result.exitCode ?? 1;
}

async function jest(args: string[]): Promise<{ passed: number; failed: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-test-'));
  const report = join(folder, 'report.json');
  try {
    await run(process.execPath, [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--json',
      `--outputFile=${report}`,
      ...args,
    ]);
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      await readFile(report, 'utf8'),
    ) as Record<string, number>;
    return { passed: numPassedTests ?? 0, failed: (numFailedTests ?? 0) + (numRuntimeErrorTestSuites ?? 0) };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
