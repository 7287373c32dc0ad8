/** Virtual keys on a real stack: what each may use, and that a revoked one is refused at once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { SOAK } from '../../harness/soak.ts';
import { type LifecycleStack, MINUTE } from './lifecycle-stack.ts';

/** What `keys list` says. */
interface Listed {
  keys: { alias: string; models?: string[]; state: string }[];
}

/** Virtual keys of the deployed stack: `alice` is in its settings. */
export function virtualKeys(life: LifecycleStack): void {
  const { checkout } = life;
  const valueOf = async (alias: string): Promise<string> => {
    const { stdout } = await checkout.pulumi(life.stack, [
      'stack',
      'output',
      'keys',
      '--show-secrets',
      '--json',
    ]);
    return (JSON.parse(stdout) as Record<string, string>)[alias] ?? '';
  };
  const ask = async (key: string, model: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${life.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
    });
    await response.body?.cancel();
    return response.status;
  };
  const settings = (): string => readFileSync(join(checkout.dir, `Pulumi.${life.stack}.yaml`), 'utf8');
  const list = (): Promise<Listed> => checkout.json<Listed>(['keys', 'list', life.stack]);

  test(
    'a virtual key may use only its models, and is in no output in plain text',
    async () => {
      const alice = await valueOf('alice');
      expect(alice).toMatch(/^sk-\w{40}$/);
      expect([await ask(alice, 'mock'), await ask(alice, 'no-such')]).toEqual([200, 404]);
      const { stdout: models } = await checkout.pulumi(life.stack, ['stack', 'output', 'models', '--json']);
      const other = (JSON.parse(models) as string[]).find((alias) => alias !== 'mock') ?? '';
      expect(await ask(alice, other)).toBe(403);
      expect(await list()).toMatchObject({
        keys: [
          { alias: 'alice', models: ['mock'], state: 'accepted' },
          { alias: 'default', state: 'accepted' },
        ],
      });
      const { stdout } = await checkout.pulumi(life.stack, ['stack', 'export']);
      expect(stdout).not.toContain(alice);
    },
    2 * MINUTE,
  );

  test(
    'a key that cannot be created changes nothing',
    async () => {
      const before = settings();
      const add = (...args: string[]) => checkout.switchyard(['keys', 'add', ...args]);
      const refused = [
        await add('bob', life.stack, '--model', 'no-such'),
        await add('Bob', life.stack),
        await add('alice', life.stack),
        await add('bob', life.stack, '--expires', 'tomorrow'),
        await checkout.switchyard(['keys', 'revoke', 'bob', life.stack]),
        await checkout.switchyard(['keys', 'rotate', life.stack, '--key', 'bob']),
      ];
      expect(refused.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 1, 1, 1]);
      expect(refused[0]!.stderr).toContain('no such model: "no-such"');
      expect(refused[2]!.stderr).toContain(`keys rotate ${life.stack} --key alice`);
      expect(refused[4]!.stderr).toContain('allowed: default, alice');
      expect(settings()).toBe(before);
    },
    3 * MINUTE,
  );

  if (!SOAK) {
    console.log('in the soak only: virtual keys that are added, rotated and revoked by command');
    return;
  }
  test(
    'keys are added, rotated with a grace period, and revoked: refused before the deployment',
    async () => {
      await checkout.json(['keys', 'add', 'bob', life.stack, '--lane', 'reliability', '--owner', 'Bob']);
      const first = await valueOf('bob');
      expect(await life.statusWith(first)).toBe(200);
      await checkout.json(['keys', 'rotate', life.stack, '--key', 'bob', '--grace', '1h']);
      const second = await valueOf('bob');
      expect([second === first, await life.statusWith(first), await life.statusWith(second)]).toEqual([
        false,
        200,
        200,
      ]);
      const { refusedAfterMs } = await checkout.json<{ refusedAfterMs: number }>([
        'keys',
        'revoke',
        'bob',
        life.stack,
      ]);
      expect(refusedAfterMs).toBeGreaterThan(0);
      expect([await life.statusWith(first), await life.statusWith(second)]).toEqual([401, 401]);
      expect((await list()).keys.map(({ alias }) => alias)).toEqual(['alice', 'default']);
      expect(await checkout.json(['preview', life.stack])).toMatchObject({ changes: 0 });
    },
    10 * MINUTE,
  );
}
