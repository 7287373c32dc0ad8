/** The crash watch with real containers: what it removes, what it keeps, and what it reports. */
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

/** Like Pulumi: waits for a container, and fails once it does not exist any more. */
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
  'a new container in a crash loop is removed, and its last log lines are reported',
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
  'older containers are not touched, and other errors are passed on unchanged',
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
  'a deployment that ignores its crashing container fails too',
  async () => {
    const deployment = withCrashWatch(stack, async () => {
      await create('broken', 'echo "no such port" >&2; exit 3');
      await untilGone('broken').catch(() => undefined);
      return 7;
    });
    await expect(deployment).rejects.toMatchObject({
      message: 'the new gateway does not start',
      // The number of lines varies: it depends on the machine's speed, and Docker counts a start before the container logs anything.
      found: expect.stringMatching(/^its last log lines:(\n {4}no such port){3,}$/),
    });
  },
  2 * MINUTE,
);

test('the result of a successful deployment is returned', async () => {
  expect(await withCrashWatch(stack, () => Promise.resolve(7))).toBe(7);
});
