/** `./switchyard test`, which `npm test` runs: installs what the tests need, checks the sources, runs jest, prints the counts. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { type Output, withOutput } from '../console/output.ts';
import { ROOT } from '../console/home-paths.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { jest } from './testing/jest.ts';
import { run } from './testing/run-stage.ts';
import { countLine, type Stage, stageLines, stageOfRun, stagesOfFiles } from './testing/stages.ts';

interface TestOptions {
  unit?: boolean;
  soak?: boolean;
}

/** Adds `test` to the command line. */
export function register(program: Command): void {
  program
    .command('test')
    .description("run the tests; for developers (jest's arguments may follow)") // prettier-ignore
    .argument('[jest...]', "jest's arguments, e.g. test/unit")
    .option('--unit', 'only what needs neither Docker nor Go nor a network')
    .option('--soak', 'only the long runs, at full length: hours')
    .allowUnknownOption()
    .action(withOutput(test));
}

async function test(out: Output, args: string[], options: TestOptions): Promise<void> {
  const begun = Date.now();
  const stages = await runStages(out, args, options);
  const failed = stages.some((stage) => stage.failed > 0);
  const passed = stages.some((stage) => stage.passed > 0);
  if (failed || !passed) process.exitCode = 1;
  const lines = [...stageLines(stages, (Date.now() - begun) / 1000), countLine(stages)];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function runStages(out: Output, args: string[], { unit, soak }: TestOptions): Promise<Stage[]> {
  if (unit) return [await unitTests(args)];
  const begun = Date.now();
  await ensureReady({ need: ['pulumi', 'docker', 'base-image'], onProgress: out.progress });
  const setup = { name: 'setup', seconds: (Date.now() - begun) / 1000, passed: 0, failed: 0 };
  if (soak) {
    const env = { SWITCHYARD_SOAK: '1' };
    const unitStage = await unitTests([...UNIT_SOAKS, ...args], { env });
    return [setup, unitStage, ...(await endToEnd([...SOAKS, ...args], 1, env))];
  }
  if (args.length > 0) {
    const report = await jest(args);
    return [setup, ...counted(report, stagesOfFiles(ROOT, report))];
  }
  // End-to-end tests wait for containers most of the time, so the other stages run meanwhile.
  const [checks, files] = await Promise.all([checksAndUnit(out), endToEnd([], 3)]);
  return [setup, ...checks, ...files];
}

/** The unit tests with a long version: see test/harness/soak.ts. */
export const UNIT_SOAKS = [
  'test/unit/client/client-sequences.test.ts',
  'test/unit/client/opencode-values.test.ts',
  'test/unit/domain/properties.test.ts',
];

/** The other test files with a long version. */
export const SOAKS = [
  'test/e2e/drill-command.test.ts',
  'test/e2e/automation.test.ts',
  'test/e2e/bench.test.ts',
  'test/e2e/lifecycle.test.ts',
  'test/e2e/agents-command.test.ts',
  'test/e2e/layers.test.ts',
  'test/e2e/litellm-addresses.test.ts',
  'test/e2e/budgets.test.ts',
  'test/e2e/failures.test.ts',
  'test/e2e/focus-validator.test.ts',
  'test/e2e/opencode.test.ts',
  'runtimes/gateway/test/hooks.test.ts',
  'runtimes/gateway/test/whole-gateway.test.ts',
];

/** The folder for the checks' caches. */
const CACHE = 'node_modules/.cache';

/** The checks of the sources; each counts as one test. */
const CHECKS: [label: string, command: string, ...args: string[]][] = [
  [
    'checking types',
    'node_modules/.bin/tsc',
    '--noEmit',
    '--incremental',
    '--tsBuildInfoFile',
    `${CACHE}/types.tsbuildinfo`,
  ],
  ['checking style', 'node_modules/.bin/eslint', '.'],
  [
    'checking format',
    'node_modules/.bin/prettier',
    '--check',
    '--log-level=warn',
    '--cache',
    '--cache-strategy=content',
    `--cache-location=${CACHE}/format.json`,
    '.',
  ],
  ['checking imports', 'node_modules/.bin/depcruise', '--config', '.dependency-cruiser.js', '.'],
  ['checking the layout', process.execPath, 'scripts/check-layout.ts'],
  ['looking for dead code', 'node_modules/.bin/knip'],
];

async function checksAndUnit(out: Output): Promise<Stage[]> {
  const stages: Stage[] = [];
  for (const [name, command, ...args] of CHECKS) {
    const begun = Date.now();
    const ok = (await run(command, args, { inBackground: true })) === 0;
    const seconds = (Date.now() - begun) / 1000;
    stages.push({ name, seconds, passed: ok ? 1 : 0, failed: ok ? 0 : 1 });
    out.progress(`${name}: ${ok ? 'done' : 'FAILED'} in ${Math.round(seconds)} s`);
  }
  stages.push(await unitTests([], { inBackground: true }));
  return stages;
}

/** Makes Docker, Go and the network unusable: a unit test that needs them fails here, as it would on a machine without them. */
const UNREACHABLE_TOOLS = {
  DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  GOROOT: '/nonexistent',
  npm_config_offline: 'true',
};

async function unitTests(
  args: string[],
  { inBackground = false, env = {} }: { inBackground?: boolean; env?: Record<string, string> } = {},
): Promise<Stage> {
  const begun = Date.now();
  // More than there are CPUs, because a quarter of the time is spent waiting for timeouts and processes; alone on two CPUs four took 60 to
  // 64 s, three 69 to 72 s, and five no less. An option must come between --selectProjects and paths, because --selectProjects takes all
  // following words.
  const workers = `--maxWorkers=${Math.min(2, availableParallelism()) + (inBackground ? 1 : 2)}`;
  const report = await jest(['--selectProjects', 'unit', workers, ...args], {
    inBackground,
    env: { ...UNREACHABLE_TOOLS, ...env },
  });
  return stageOfRun('unit tests', (Date.now() - begun) / 1000, report);
}

/**
 * Runs the end-to-end tests, each file in its own process. They wait for Docker half of the time, so three at once use two CPUs.
 * Each has its own stacks, names and ports (sandbox/free-port.ts), and images that no other test removes (test/harness/images.ts).
 *
 * @param workers how many files run at once.
 */
async function endToEnd(args: string[], workers: number, env: Record<string, string> = {}): Promise<Stage[]> {
  const report = await jest(['--selectProjects', 'e2e', `--maxWorkers=${workers}`, ...args], { env });
  return counted(report, stagesOfFiles(ROOT, report));
}

/** The stages of the files; if there are none, a single stage that says that jest itself failed. */
function counted(report: Parameters<typeof stageOfRun>[2], files: Stage[]): Stage[] {
  return files.length > 0 ? files : [stageOfRun('jest', 0, report)];
}
