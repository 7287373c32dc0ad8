/** The watch over new containers, on real ones: what it removes, what it leaves, and what it says. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { stackContainers } from '../../engine/containers.ts';
import { withCrashWatch } from '../../engine/crash-watch.ts';
import { UserError } from '../../console/errors.ts';
import { BASE_IMAGE } from '../../infra/docker-names.ts';

const MINUTE = 60_000;
const stack = `crash-${randomBytes(3).toString('hex')}`;

/** A container as a deployment makes it. */
async function create(name: string, script: string): Promise<string> {
  const labels = [`switchyard.stack=${stack}`, 'switchyard.role=gateway'].flatMap((one) => ['--label', one]);
  const { stdout } = await execa('docker', [
    ...['run', '--detach', '--restart', 'unless-stopped', '--name', `${stack}-${name}`, ...labels],
    ...[BASE_IMAGE, 'sh', '-c', script],
  ]);
  return stdout;
}

async function names(): Promise<string[]> {
  return (await stackContainers(stack)).map(({ name }) => name.slice(stack.length + 1)).sort();
}

/** Like Pulumi: waits for a container, and fails once that is gone. */
async function untilGone(name: string): Promise<never> {
  while ((await names()).includes(name)) await sleep(200);
  throw new Error('no such container');
}

async function restarts(name: string): Promise<number> {
  const { stdout } = await execa('docker', [
    ...['inspect', '--format', '{{.RestartCount}}', `${stack}-${name}`],
  ]);
  return Number(stdout);
}

afterEach(async () => {
  for (const { id } of await stackContainers(stack)) await execa('docker', ['rm', '--force', id]);
});

test(
  'a new container that ends again and again is removed, and its last words are told',
  async () => {
    await create('old', 'exec sleep 300');
    const deployment = withCrashWatch(stack, async () => {
      await create('steady', 'exec sleep 300');
      await create('broken', 'echo "config.yaml is wrong" >&2; exit 3');
      return untilGone('broken');
    });
    const error = await deployment.then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toBe('the new gateway does not start');
    expect(error).toMatchObject({ where: `${stack}-broken` });
    expect((error as UserError).found).toContain('config.yaml is wrong');
    expect(await names()).toEqual(['old', 'steady']);
  },
  2 * MINUTE,
);

test(
  'what was there before is left alone, and another error stays as it is',
  async () => {
    await create('old', 'exit 3');
    while ((await restarts('old')) < 4) await sleep(200);
    const failure = new Error('something else');
    const deployment = withCrashWatch(stack, async () => {
      await sleep(4000);
      throw failure;
    });
    await expect(deployment).rejects.toBe(failure);
    expect(await names()).toEqual(['old']);
  },
  2 * MINUTE,
);

test(
  'a deployment that takes no notice of its crashing container fails all the same',
  async () => {
    const deployment = withCrashWatch(stack, async () => {
      await create('broken', 'echo "no such port" >&2; exit 3');
      await untilGone('broken').catch(() => undefined);
      return 7;
    });
    await expect(deployment).rejects.toMatchObject({
      message: 'the new gateway does not start',
      // How many times it was started until the watch looked is the machine's doing; Docker counts a start before it has said a word.
      found: expect.stringMatching(/^its last log lines:(\n {4}no such port){3,}$/),
    });
  },
  2 * MINUTE,
);

test('a deployment that goes well is handed through', async () => {
  expect(await withCrashWatch(stack, () => Promise.resolve(7))).toBe(7);
});
