/**
 * The gateway's Python, tested in Python, where it runs: in the gateway's image, as its user, without a network.
 *
 * Building the image takes two minutes once; Docker keeps the layers, which the stacks' own images share.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { IMAGE_MS, imageOf } from '../../../test/harness/images.ts';

const ROOT = join(import.meta.dirname, '../../..');
const HOOKS = join(ROOT, 'runtimes/gateway/programs');

/** Runs one file of tests; fails with its whole report. */
async function runPython(module: string): Promise<void> {
  const tmpfs = ['/etc/switchyard', '/run/secrets', '/data'].flatMap((folder) => [
    '--tmpfs',
    `${folder}:uid=10001,mode=0700`,
  ]);
  const mounts = Object.entries({
    '/hooks': HOOKS,
    '/litellm.yaml': join(ROOT, 'config-templates/litellm.yaml'),
    '/upstream.py': join(ROOT, 'sandbox/fake_upstream.py'),
    '/tests': import.meta.dirname,
  }).flatMap(([inside, outside]) => ['--volume', `${outside}:${inside}:ro`]);
  const options = ['--rm', '--network', 'none', '--env', 'PYTHONPATH=/hooks', '--workdir', '/tests'];
  const program = ['--entrypoint', 'python3', image, '-m', 'unittest', module];
  const run = await execa('docker', ['run', ...options, ...tmpfs, ...mounts, ...program], { reject: false });
  if (run.exitCode !== 0) throw new Error(`${module}:\n${run.stderr}`);
  expect(run.stderr).toMatch(/Ran [1-9]\d* tests/);
}

let image: string;
beforeAll(async () => {
  image = await imageOf('gateway');
}, IMAGE_MS);

test('keys are redacted however they are spelled and wherever a chunk ends', async () => {
  await runPython('test_redact');
}, 60_000);

test('the guard lets through what clients need, and nothing else', async () => {
  await runPython('test_guard');
}, 60_000);

test('no request chooses its upstream, and every name that LiteLLM knows is judged', async () => {
  await runPython('test_refused');
}, 300_000);

test('a request names served models only, on the routes of their mode', async () => {
  await runPython('test_served');
}, 60_000);

test('a body is nested and filled within bounds, whatever its strings hold', async () => {
  await runPython('test_bounds');
}, 300_000);

test('an error is judged by what it means, and said in the words of its provider', async () => {
  await runPython('test_failure_kinds');
}, 60_000);

test('after a failure the right one is asked, and the right one rests', async () => {
  await runPython('test_failures');
}, 60_000);

test('who was held waits for a turn, and nobody else', async () => {
  await runPython('test_admission');
}, 60_000);

test('what fails behind is answered in the form of the API', async () => {
  await runPython('test_answered');
}, 60_000);

test('a key in a line of any length stays out of the log', async () => {
  await runPython('test_supervisor');
}, 60_000);

test('the whole gateway serves, hides keys, drains and fails clearly', async () => {
  await runPython('test_gateway');
}, 900_000);
