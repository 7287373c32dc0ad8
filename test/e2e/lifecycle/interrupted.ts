/** Runs that were interrupted, runs that meet another, and containers that came or went without Pulumi. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { execa, type ResultPromise } from 'execa';
import { BASE_IMAGE } from '../../../infra/docker-names.ts';
import { sample, SOAK } from '../../harness/soak.ts';
import { docker, inspect } from '../../harness/test-containers.ts';
import { type LifecycleStack, MINUTE } from './lifecycle-stack.ts';

/** The stack's first `up` is killed. */
export function killedRun(life: LifecycleStack): void {
  const { checkout } = life;

  describe('an up that was killed', () => {
    test(
      'can be repeated, which removes its lock and its containers',
      async () => {
        const { child } = await startUp(life, './switchyard', ['up', life.stack, '--no-connect']);
        // The engine alone, without a chance to clean up.
        const killed = engines(life);
        expect(killed).not.toEqual([]);
        for (const pid of killed) process.kill(pid, 'SIGKILL');
        await child;
        const left = life.containers();
        const again = await checkout.switchyard(['up', life.stack, '--no-connect']);
        expect(again.stderr).toContain(`removing the stale lock of an interrupted run on ${life.stack}`);
        expect([again.exitCode, again.exitCode === 0 ? '' : again.stderr]).toEqual([0, '']);
        expect(life.containers()).toHaveLength(2);
        for (const id of left) expect(life.containers()).not.toContain(id);
      },
      20 * MINUTE,
    );
  });
}

/** Concurrent runs. */
export function concurrentRuns(life: LifecycleStack): void {
  const { checkout } = life;

  describe('two runs at once', () => {
    test(
      "the second one is refused, and does not touch the first one's containers",
      async () => {
        await changeGateways(life, 5);
        const { child, fresh } = await startUp(life, './switchyard', ['up', life.stack, '--no-connect']);
        // A paused container makes the first run wait until the second runs have ended, however fast the machine is.
        await pause(fresh[0]);
        const second = await Promise.all(
          ['up', 'down'].map((command) => checkout.switchyard([command, life.stack])),
        );
        expect(life.containers()).toEqual(expect.arrayContaining(fresh));
        docker('unpause', fresh[0] ?? '');
        for (const { exitCode, stderr } of second) {
          expect(exitCode).toBe(1);
          expect(stderr).toContain(`error: stack ${life.stack} is being changed by another run`);
        }
        const first = await child;
        expect([first.exitCode, first.exitCode === 0 ? '' : first.stderr]).toEqual([0, '']);
        expect(life.containers()).toHaveLength(2);
        expect(life.containers()).toEqual(expect.arrayContaining(fresh));
      },
      10 * MINUTE,
    );
  });
}

/** A run whose terminal is closed. */
export function closedTerminal(life: LifecycleStack): void {
  const { checkout } = life;

  describe('an up whose terminal is closed', () => {
    test(
      'completes the operations in progress, and leaves neither a lock nor an orphan behind',
      async () => {
        await changeGateways(life, 6);
        const { child } = await startUp(life, 'script', [
          ...['--quiet', '--command', `exec ./switchyard up ${life.stack} --no-connect`, '/dev/null'],
        ]);
        child.kill('SIGKILL');
        await child;
        while (engines(life).length > 0) await sleep(500);
        expect(locks(life)).toEqual([]);
        const again = await checkout.switchyard(['up', life.stack, '--no-connect']);
        expect([again.exitCode, again.exitCode === 0 ? '' : again.stderr]).toEqual([0, '']);
        expect(again.stderr).not.toContain('interrupted run');
        expect(life.containers()).toHaveLength(2);
      },
      10 * MINUTE,
    );
  });
}

/** Containers that were created or removed by hand. */
export function changedByHand(life: LifecycleStack): void {
  const { checkout } = life;

  describe('containers that were changed by hand', () => {
    test(
      'one that was removed or stopped is created again',
      async () => {
        const before = life.containers();
        const edge = `switchyard-${life.stack}-edge`;
        const harms = [['rm', '--force'], ['stop']];
        for (const harm of SOAK ? harms : sample(harms, 1)) {
          docker(...harm, edge);
          const { exitCode, stderr } = await checkout.switchyard(['up', life.stack, '--no-connect']);
          expect([harm, exitCode, exitCode === 0 ? '' : stderr]).toEqual([harm, 0, '']);
          expect(stderr).toContain('in the state, but not running in Docker: edge');
          expect(inspect(edge, '{{.State.Running}}')).toBe('true');
          // Only the gateway was kept.
          expect(life.containers().filter((id) => before.includes(id))).toHaveLength(1);
          expect(life.containers()).toHaveLength(2);
        }
      },
      5 * MINUTE,
    );

    test(
      'orphans are removed, and containers of another deployment are reported',
      async () => {
        const before = life.containers();
        const createContainer = (instance: string): string => {
          const name = `switchyard-${life.stack}-${instance}`;
          const labels = [
            '--label',
            `switchyard.stack=${life.stack}`,
            '--label',
            `switchyard.instance=${instance}`,
          ];
          docker('create', '--name', name, ...labels, inspect(before[0], '{{.Image}}'));
          return name;
        };
        const own = createContainer(inspect(before[0], '{{index .Config.Labels "switchyard.instance"}}'));
        const cleared = await checkout.switchyard(['up', life.stack, '--no-connect', '--json']);
        expect(cleared.stderr).toContain(
          `removing the containers that an interrupted run left behind: ${own}`,
        );
        expect([cleared.exitCode, life.containers()]).toEqual([0, before]);
        // Nothing else changed.
        expect(JSON.parse(cleared.stdout)).toMatchObject({ changes: 0 });

        const unmanaged = createContainer('0123456789abcdef');
        const refused = await checkout.switchyard(['up', life.stack, '--no-connect']);
        const status = await checkout.json<{ unknownContainers: string[] }>(['status', life.stack]);
        docker('rm', '--force', unmanaged);
        expect(refused.exitCode).toBe(1);
        expect(refused.stderr).toContain(`docker rm --force ${unmanaged}`);
        expect(status.unknownContainers).toEqual([unmanaged]);
        expect(life.containers()).toEqual(before);
      },
      5 * MINUTE,
    );
  });
}

/** The stack is removed, with an orphan of a killed run. */
export function removal(life: LifecycleStack): void {
  const { checkout } = life;

  test(
    'is deployed according to `stack ls`, and cannot be removed; its containers bear its name',
    async () => {
      const names = life.containers().map((id) => inspect(id, '{{.Name}}').replace(/^\//, ''));
      expect(names.filter((name) => !name.startsWith(`switchyard-${life.stack}-`))).toEqual([]);
      expect(names).toContainEqual(
        expect.stringMatching(new RegExp(`^switchyard-${life.stack}-gateway-0-[0-9a-f]{7}$`)),
      );
      const listed = await checkout.json<{ stack: string }[]>(['stack', 'ls']);
      expect(listed.find(({ stack }) => stack === life.stack)).toMatchObject({
        port: life.port,
        endpoint: `http://127.0.0.1:${life.port}`,
        deployed: true,
        running: names.length,
      });
      const refused = await checkout.switchyard(['stack', 'rm', life.stack, '--yes']);
      expect([refused.exitCode, refused.stderr]).toEqual([
        1,
        expect.stringContaining(`./switchyard down ${life.stack}`),
      ]);
    },
    2 * MINUTE,
  );

  test(
    'goes down with a container that a killed up has left on its network',
    async () => {
      const instance = inspect(life.containers()[0], '{{index .Config.Labels "switchyard.instance"}}');
      const labels = [`switchyard.stack=${life.stack}`, `switchyard.instance=${instance}`];
      const name = `switchyard-${life.stack}-left`;
      docker(
        ...['run', '--detach', '--network', `switchyard-${life.stack}`, '--name', name],
        ...[...labels.flatMap((label) => ['--label', label]), BASE_IMAGE, 'sleep', '600'],
      );
      const { exitCode, stderr } = await checkout.switchyard(['down', life.stack]);
      expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
      expect(stderr).toContain(`removing the containers that an interrupted run left behind: ${name}`);
      expect(life.containers()).toEqual([]);
    },
    3 * MINUTE,
  );

  test(
    'is removed by `stack rm`, except its volume and its passphrase',
    async () => {
      const volume = `switchyard-${life.stack}-data`;
      const { left } = await checkout.json<{ left: { what: string; remove: string }[] }>([
        ...['stack', 'rm', life.stack, '--yes'],
      ]);
      expect(left).toContainEqual(expect.objectContaining({ remove: `docker volume rm ${volume}` }));
      expect((await execa('docker', ['volume', 'inspect', volume], { reject: false })).exitCode).toBe(0);
      expect(existsSync(join(checkout.dir, `Pulumi.${life.stack}.yaml`))).toBe(false);
      const gone = await checkout.switchyard(['status', life.stack]);
      expect(gone.stderr).toContain(`there is no stack ${life.stack}`);
      docker('volume', 'rm', volume);
    },
    MINUTE,
  );
}

/** Starts `./switchyard up` and returns once it has created a container. */
async function startUp(
  life: LifecycleStack,
  command: string,
  args: string[],
): Promise<{ child: ResultPromise; fresh: string[] }> {
  const before = life.containers();
  const child = execa(command, args, {
    cwd: life.checkout.dir, env: life.checkout.env, extendEnv: false, reject: false, detached: true, stdin: 'ignore',
  }); // prettier-ignore
  for (let wait = 0; wait < 1200; wait += 1) {
    const fresh = life.containers().filter((id) => !before.includes(id));
    if (fresh.length > 0) return { child, fresh };
    await sleep(500);
  }
  throw new Error('no container within 10 minutes');
}

/** Pauses a container as soon as it has started. Retries, since the kernel may refuse to freeze it while it starts processes. */
async function pause(container: string | undefined): Promise<void> {
  while (inspect(container, '{{.State.Paused}}') !== 'true') {
    await sleep(100);
    await execa('docker', ['pause', container ?? ''], { reject: false });
  }
}

/** Changes a setting that replaces only the gateways. */
async function changeGateways(life: LifecycleStack, drainSeconds: number): Promise<void> {
  await life.checkout.pulumi(life.stack, ['config', 'set', 'drainSeconds', String(drainSeconds)]);
}

/** The stack's locks, of runs in progress or left behind. */
function locks(life: LifecycleStack): string[] {
  const folder = join(life.checkout.dir, '.backend/.pulumi/locks/organization/switchyard', life.stack);
  return readdirSync(folder).filter((name) => name.endsWith('.json'));
}

/** The engine's processes for the stack, whose name is unique on this machine. */
function engines({ stack }: LifecycleStack): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isEngine(stack, commandLine(pid)));
}

/** A process's command and arguments; empty if it has ended. */
function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function isEngine(stack: string, [program = '', ...args]: string[]): boolean {
  return basename(program) === 'pulumi' && args[0] === 'up' && args.includes(stack);
}
