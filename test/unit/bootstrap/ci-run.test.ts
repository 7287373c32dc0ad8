/** .ci/run by itself: how it treats Docker, and how it passes on npm's output and exit code. The fake commands log their calls. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { execa } from 'execa';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-ci-run-'));
const log = join(folder, 'log');

function command(path: string, script: string): void {
  writeFileSync(join(folder, path), `#!/bin/sh\necho "\${0##*/} $*" >>'${log}'\n${script}\n`, {
    mode: 0o755,
  });
}

beforeAll(() => {
  for (const name of ['.ci', 'bin']) mkdirSync(join(folder, name));
  copyFileSync(resolve(import.meta.dirname, '../../../.ci/run'), join(folder, '.ci/run'));
  chmodSync(join(folder, '.ci/run'), 0o755);
  command('switchyard', 'echo the Docker daemon has ended');
});
beforeEach(() => rmSync(log, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(docker: string, npm: string) {
  command('bin/docker', docker);
  command('bin/npm', npm);
  const { exitCode, stdout, stderr } = await execa(join(folder, '.ci/run'), {
    env: { PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter) },
    reject: false,
  });
  const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  return { exitCode, stdout, stderr, calls };
}

const SEED = 'sample of the long tests: seed 1';

test('passes the seed that it prints to the tests', async () => {
  const { stdout, stderr } = await run('exit 0', 'echo "$SWITCHYARD_SEED"');
  expect({ stdout, stderr }).toEqual({ stdout: '1', stderr: SEED });
});

test('does not stop a daemon that was running before', async () => {
  const { exitCode, calls } = await run('exit 0', 'echo "3 passed, 0 failed"');
  expect({ exitCode, calls }).toEqual({ exitCode: 0, calls: ['docker info', 'npm test'] });
});

test.each([
  [0, '3 passed, 0 failed'],
  [1, '2 passed, 1 failed'],
])('stops a daemon that it started; exit code %i and the last line are kept', async (code, count) => {
  const { exitCode, stdout, stderr, calls } = await run('exit 1', `echo "${count}"; exit ${code}`);
  expect(calls).toEqual(['docker info', 'npm test', 'switchyard stop-docker']);
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: code, stdout: count, stderr: SEED });
});
