/**
 * Keys by our own commands on a real stack: imported, aged, rotated with and without grace; seen from a client's side. The guard that
 * tells keys apart is the real one; behind it a stub answers in place of LiteLLM. That LiteLLM takes the new key, the old one within
 * its grace and neither another: the drill `rotate-master-key`, and runtimes/gateway/test/hooks.test.ts ("the whole gateway serves, hides
 * keys, drains and fails clearly").
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Checkout } from '../../sandbox/checkout.ts';

const MINUTE = 60_000;
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

interface Rotation {
  generation: number;
  rotated: boolean;
  previousUntil: string | null;
  files: string[];
}

const checkout = new Checkout();
let stack: string;
let port: number;

beforeAll(async () => {
  checkout.stubLitellm();
  ({ stack, port } = await checkout.addStack('keys'));
}, MINUTE);

afterAll(() => checkout.remove(), 5 * MINUTE);

/** The status that a client with this key gets. */
async function statusWith(key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`http://127.0.0.1:${port}/v1/models`, { headers });
  await response.body?.cancel();
  return response.status;
}

/** The master key that the client's file holds. */
function clientKey(): string {
  const file = join(checkout.env.XDG_DATA_HOME!, 'opencode/auth.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { litellm: { key: string } }).litellm.key;
}

function ages(...args: string[]): Promise<Ages> {
  return checkout.json<Ages>(['keys', 'ages', stack, ...args]);
}

test(
  'an import sets known names, tells the rest, echoes no value, and is repeatable',
  async () => {
    const file = join(checkout.dir, '.env.master');
    writeFileSync(file, ENV_FILE, { mode: 0o644 });
    const first = await checkout.switchyard(['keys', 'import', file, stack]);
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toBe(
      [
        'set        GROQ_API_KEY',
        'ignored    LITELLM_MASTER_KEY: no key of the catalogue',
        'ignored    line 4: not understood; expected: NAME=value',
        `next       ./switchyard up ${stack}`,
      ].join('\n'),
    );
    expect(first.stderr).toContain(`chmod 600 ${file}`);
    expect(`${first.stdout}${first.stderr}`).not.toMatch(/k3Y9|sk-a-line/);
    const settings = readFileSync(join(checkout.dir, `Pulumi.${stack}.yaml`), 'utf8');
    expect(settings).toMatch(/switchyard:GROQ_API_KEY:\n\s+secure: v1:/);

    const second = await checkout.json(['keys', 'import', '-', stack], { input: ENV_FILE });
    expect(second).toMatchObject({ set: [], unchanged: ['GROQ_API_KEY'] });
    expect(readFileSync(join(checkout.dir, `Pulumi.${stack}.yaml`), 'utf8')).toBe(settings);
    const stored = await checkout.pulumi(stack, ['config', 'get', 'GROQ_API_KEY']);
    expect(stored.stdout.trim()).toBe(GROQ);
  },
  3 * MINUTE,
);

test(
  'an age counts from the up that first deployed the key',
  async () => {
    const before = await checkout.switchyard(['keys', 'rotate', stack]);
    expect(before.exitCode).toBe(1);
    expect(before.stderr).toContain(`stack ${stack} has no master key yet`);
    await checkout.json(['up', stack]);
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
    const old = clientKey();
    const file = join(checkout.dir, 'runtimes/gateway/programs/supervisor.py');
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, 'raise SystemExit("broken on purpose")\n');
    const failed = await checkout.switchyard(['keys', 'rotate', stack, '--grace', '1s']);
    writeFileSync(file, good);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('broken on purpose');
    expect([clientKey(), await statusWith(old)]).toEqual([old, 200]);
    // Nor is one handed out that no gateway accepts.
    await checkout.json(['connect', stack]);
    expect(clientKey()).toBe(old);
  },
  5 * MINUTE,
);

test(
  'a rotation, repeated, gives clients the new key while the old one is still accepted; again, it is only finished',
  async () => {
    const old = clientKey();
    const rotation = await checkout.json<Rotation>(['keys', 'rotate', stack, '--grace', '2h']);
    expect(rotation).toMatchObject({ generation: 2, rotated: true });
    expect(Date.parse(rotation.previousUntil!)).toBeGreaterThan(Date.now() + 90 * MINUTE);
    const now = clientKey();
    expect(now).not.toBe(old);
    expect([await statusWith(now), await statusWith(old), await statusWith('sk-none')]).toEqual([
      200, 200, 401,
    ]);
    const again = await checkout.json<Rotation>(['keys', 'rotate', stack]);
    expect(again).toMatchObject({ generation: 2, rotated: false, previousUntil: rotation.previousUntil });
    expect(clientKey()).toBe(now);
    expect(await checkout.json(['preview', stack])).toMatchObject({ changes: 0, meanings: [], steps: [] });
  },
  10 * MINUTE,
);

test(
  'for a leak the old key is refused at once, and preview says so before',
  async () => {
    const leaked = clientKey();
    const rotation = await checkout.json<Rotation>(['keys', 'rotate', stack, '--now']);
    expect(rotation).toMatchObject({ generation: 3, rotated: true, previousUntil: null });
    expect([await statusWith(clientKey()), await statusWith(leaked)]).toEqual([200, 401]);
    await checkout.pulumi(stack, ['config', 'set', '--path', 'masterKey.generation', '4']);
    await checkout.pulumi(stack, ['config', 'set', '--secret', 'GROQ_API_KEY'], `gsk_${'n3W0'.repeat(13)}`);
    const { meanings } = await checkout.json<{ meanings: string[] }>(['preview', stack]);
    expect(meanings).toEqual([
      'GROQ_API_KEY rotated',
      'the master key is rotated (3 → 4); the old one is refused as soon as the gateways are replaced',
      'the gateways are replaced, the new ones before the old ones: no request fails',
    ]);
  },
  10 * MINUTE,
);
