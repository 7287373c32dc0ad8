/** `./switchyard test`: what `npm test` runs. Brings what the tests need, checks the sources, runs jest, counts. */
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
  if (soak) return [setup, ...(await endToEnd([...SOAKS, ...args], 1, { SWITCHYARD_SOAK: '1' }))];
  if (args.length > 0) {
    const report = await jest(args);
    return [setup, ...counted(report, stagesOfFiles(ROOT, report))];
  }
  // End-to-end tests wait for containers most of the time: the rest is done meanwhile.
  const [checks, files] = await Promise.all([checksAndUnit(out), endToEnd([], 2)]);
  return [setup, ...checks, ...files];
}

/** The files that have a long form: see test/harness/soak.ts. */
const SOAKS = [
  'test/e2e/drill-command.test.ts',
  'test/e2e/agents-command.test.ts',
  'test/e2e/litellm-addresses.test.ts',
];

/** Where checks keep what they know of files that have not changed since. */
const CACHE = 'node_modules/.cache';

/** Each counts as one test. */
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
    const good = (await run(command, args, { beside: true })) === 0;
    const seconds = (Date.now() - begun) / 1000;
    stages.push({ name, seconds, passed: good ? 1 : 0, failed: good ? 0 : 1 });
    out.progress(`${name}: ${good ? 'done' : 'FAILED'} in ${Math.round(seconds)} s`);
  }
  stages.push(await unitTests([], { beside: true }));
  return stages;
}

/** Nothing that a unit test may use: one that needs it fails here, as it would on a machine without it. */
const NOTHING = {
  DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  GOROOT: '/nonexistent',
  npm_config_offline: 'true',
};

async function unitTests(args: string[], options: { beside?: boolean } = {}): Promise<Stage> {
  const begun = Date.now();
  // An option has to come between --selectProjects and paths: it takes all words that follow it.
  const workers = `--maxWorkers=${Math.min(2, availableParallelism())}`;
  const report = await jest(['--selectProjects', 'unit', workers, ...args], {
    ...options,
    env: NOTHING,
  });
  return stageOfRun('unit tests', (Date.now() - begun) / 1000, report);
}

/**
 * Each file in a process of its own: half of their time they wait for Docker, so two at once take little more than half of it. Each has
 * stacks, names and ports of its own (sandbox/free-port.ts), and images that nobody else removes (test/harness/images.ts).
 *
 * @param workers how many files at once.
 */
async function endToEnd(args: string[], workers: number, env: Record<string, string> = {}): Promise<Stage[]> {
  const report = await jest(['--selectProjects', 'e2e', `--maxWorkers=${workers}`, ...args], { env });
  return counted(report, stagesOfFiles(ROOT, report));
}

/** The stages of the files; one that says that jest itself failed where it has none. */
function counted(report: Parameters<typeof stageOfRun>[2], files: Stage[]): Stage[] {
  return files.length > 0 ? files : [stageOfRun('jest', 0, report)];
}
