/** The key commands on a real stack: import, ages, rotation with and without a grace period; checked with a client's requests. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type LifecycleStack, MINUTE } from './lifecycle-stack.ts';

const GROQ = `gsk_${'k3Y9'.repeat(13)}`;
const ENV_FILE = `# made by hand
export GROQ_API_KEY="${GROQ}"   # the main one
LITELLM_MASTER_KEY=sk-1234
`;

interface Ages {
  keys: { name: string; days: number; state: string }[];
  notDeployed: string[];
}

/** What `keys rotate` says. */
export interface Rotation {
  generation: number;
  rotated: boolean;
  previousUntil: string | null;
  files: string[];
}

/** Before the first `up`. */
export function firstKeys(life: LifecycleStack): void {
  const { checkout } = life;

  test(
    'an import is all or nothing, lists what it ignores, prints no value, and can be repeated',
    async () => {
      const file = join(checkout.dir, '.env.master');
      writeFileSync(file, `${ENV_FILE}sk-a-line-that-is-none\nOPENAI_API_KEY=your-key-here\n`, {
        mode: 0o644,
      });
      const refused = await checkout.switchyard(['keys', 'import', file, life.stack]);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain(`${file}:4:1 not understood`);
      expect(refused.stderr).toContain(
        `${file}:5:16 OPENAI_API_KEY: the value looks like text to be filled in`,
      );
      expect(`${refused.stdout}${refused.stderr}`).not.toMatch(/k3Y9|sk-a-line/);
      const before = readFileSync(join(checkout.dir, `Pulumi.${life.stack}.yaml`), 'utf8');
      expect(before).not.toMatch(/GROQ_API_KEY|OPENAI_API_KEY/);

      writeFileSync(file, ENV_FILE, { mode: 0o644 });
      const first = await checkout.switchyard(['keys', 'import', file, life.stack]);
      expect(first.exitCode).toBe(0);
      expect(first.stdout).toBe(
        [
          'set        GROQ_API_KEY',
          'ignored    LITELLM_MASTER_KEY: not a key of the catalogue',
          `next       ./switchyard up ${life.stack}`,
        ].join('\n'),
      );
      expect(first.stderr).toContain(`chmod 600 ${file}`);
      expect(`${first.stdout}${first.stderr}`).not.toMatch(/k3Y9/);
      const settings = readFileSync(join(checkout.dir, `Pulumi.${life.stack}.yaml`), 'utf8');
      expect(settings).toMatch(/switchyard:GROQ_API_KEY:\n\s+secure: v1:/);

      const second = await checkout.json(['keys', 'import', '-', life.stack], { input: ENV_FILE });
      expect(second).toMatchObject({ set: [], unchanged: ['GROQ_API_KEY'] });
      expect(readFileSync(join(checkout.dir, `Pulumi.${life.stack}.yaml`), 'utf8')).toBe(settings);
      const stored = await checkout.pulumi(life.stack, ['config', 'get', 'GROQ_API_KEY']);
      expect(stored.stdout.trim()).toBe(GROQ);
    },
    3 * MINUTE,
  );

  test(
    'a rotation before the first up is refused with that reason',
    async () => {
      const { exitCode, stderr } = await checkout.switchyard(['keys', 'rotate', life.stack]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`stack ${life.stack} has no master key yet`);
    },
    MINUTE,
  );
}

/** Ages and rotations of the deployed stack's keys. */
export function rotations(life: LifecycleStack): void {
  const { checkout } = life;
  const ages = (...args: string[]): Promise<Ages> =>
    checkout.json<Ages>(['keys', 'ages', life.stack, ...args]);

  test(
    'an age counts from the up that first deployed the key',
    async () => {
      expect(await ages()).toMatchObject({ keys: [{ state: 'fresh' }, { state: 'fresh' }], notDeployed: [] });
      const names = (await ages()).keys.map((key) => key.name);
      expect(names.sort()).toEqual(['GROQ_API_KEY', 'master key']);
      const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      expect((await ages('--today', day(80))).keys.map((key) => key.state)).toEqual(['old', 'old']);
      expect((await ages('--today', day(95))).keys.map((key) => key.state)).toEqual(['rotate', 'rotate']);
    },
    10 * MINUTE,
  );

  test(
    'after a rotation whose gateways do not start, clients keep their key, even after its grace period',
    async () => {
      await checkout.json(['connect', life.stack, '--key', 'master']);
      const old = life.clientKey();
      const file = join(checkout.dir, 'runtimes/gateway/image/programs/supervisor.py');
      const good = readFileSync(file, 'utf8');
      writeFileSync(file, 'raise SystemExit("broken on purpose")\n');
      const failed = await checkout.switchyard(['keys', 'rotate', life.stack, '--grace', '1s']);
      writeFileSync(file, good);
      expect(failed.exitCode).toBe(1);
      expect(failed.stderr).toContain('broken on purpose');
      expect([life.clientKey(), await life.statusWith(old)]).toEqual([old, 200]);
      // connect does not give clients the new key either, which no gateway accepts.
      await checkout.json(['connect', life.stack, '--key', 'master']);
      expect(life.clientKey()).toBe(old);
    },
    5 * MINUTE,
  );

  test(
    'a rotation after a failed one gives clients the new key while the old one is still accepted; repeated, it makes no other key',
    async () => {
      const old = life.clientKey();
      const rotation = await checkout.json<Rotation>(['keys', 'rotate', life.stack, '--grace', '2h']);
      expect(rotation).toMatchObject({ generation: 2, rotated: true });
      expect(Date.parse(rotation.previousUntil!)).toBeGreaterThan(Date.now() + 90 * MINUTE);
      const now = life.clientKey();
      expect(now).not.toBe(old);
      expect([
        await life.statusWith(now),
        await life.statusWith(old),
        await life.statusWith('sk-none'),
      ]).toEqual([200, 200, 401]);
      const again = await checkout.json<Rotation>(['keys', 'rotate', life.stack]);
      expect(again).toMatchObject({ generation: 2, rotated: false, previousUntil: rotation.previousUntil });
      expect(life.clientKey()).toBe(now);
      expect(await checkout.json(['preview', life.stack])).toMatchObject({
        changes: 0,
        meanings: [],
        steps: [],
      });
    },
    10 * MINUTE,
  );
}
