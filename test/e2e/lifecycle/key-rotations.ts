/** Keys by our own commands on a real stack: imported, aged, rotated with a grace period; seen from a client's side. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type LifecycleStack, MINUTE } from './lifecycle-stack.ts';

const GROQ = `gsk_${'k3Y9'.repeat(13)}`;
const ENV_FILE = `# made by hand
export GROQ_API_KEY="${GROQ}"   # the main one
LITELLM_MASTER_KEY=sk-1234
sk-a-line-that-is-none
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
    'an import sets known names, tells the rest, echoes no value, and is repeatable',
    async () => {
      const file = join(checkout.dir, '.env.master');
      writeFileSync(file, ENV_FILE, { mode: 0o644 });
      const first = await checkout.switchyard(['keys', 'import', file, life.stack]);
      expect(first.exitCode).toBe(0);
      expect(first.stdout).toBe(
        [
          'set        GROQ_API_KEY',
          'ignored    LITELLM_MASTER_KEY: not a key of the catalogue',
          'ignored    line 4: not understood; expected NAME=value',
          `next       ./switchyard up ${life.stack}`,
        ].join('\n'),
      );
      expect(first.stderr).toContain(`chmod 600 ${file}`);
      expect(`${first.stdout}${first.stderr}`).not.toMatch(/k3Y9|sk-a-line/);
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
    'a rotation of what no up has made yet says so',
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
    'a rotation whose gateways do not start leaves clients their key, even past its grace',
    async () => {
      await checkout.json(['connect', life.stack]);
      const old = life.clientKey();
      const file = join(checkout.dir, 'runtimes/gateway/programs/supervisor.py');
      const good = readFileSync(file, 'utf8');
      writeFileSync(file, 'raise SystemExit("broken on purpose")\n');
      const failed = await checkout.switchyard(['keys', 'rotate', life.stack, '--grace', '1s']);
      writeFileSync(file, good);
      expect(failed.exitCode).toBe(1);
      expect(failed.stderr).toContain('broken on purpose');
      expect([life.clientKey(), await life.statusWith(old)]).toEqual([old, 200]);
      // Nor is one handed out that no gateway accepts.
      await checkout.json(['connect', life.stack]);
      expect(life.clientKey()).toBe(old);
    },
    5 * MINUTE,
  );

  test(
    'a rotation, repeated, gives clients the new key while the old one is still accepted; again, it is only finished',
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
