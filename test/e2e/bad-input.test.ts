/** What goes wrong around a deployment: each a sentence that names it, a non-zero exit, and nothing lost. */
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { Checkout } from '../harness/checkout.ts';

const MINUTE = 60_000;
const checkout = new Checkout();
let stack: string;
let port: number;

beforeAll(async () => {
  ({ stack, port } = await checkout.addStack('bad'));
}, MINUTE);

afterAll(() => checkout.remove(), 5 * MINUTE);

/** Docker's containers of the stack, by id. */
function containers(): string[] {
  const out = execFileSync('docker', [
    'ps',
    '-aq',
    '--no-trunc',
    '--filter',
    `label=switchyard.stack=${stack}`,
  ]);
  return out.toString().split('\n').filter(Boolean).sort();
}

/** One fact about a container. */
function inspect(container: string | undefined, format: string): string {
  return execFileSync('docker', ['inspect', '--format', format, container ?? ''])
    .toString()
    .trim();
}

/** The resources in the stack's state; each export encrypts their secrets anew. */
async function resources(): Promise<string> {
  const { stdout } = await checkout.pulumi(stack, ['stack', 'export']);
  const { deployment } = JSON.parse(stdout) as { deployment: { resources: unknown } };
  return JSON.stringify(deployment.resources).replaceAll(/"ciphertext":"[^"]*"/g, '');
}

async function listenOn(taken: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(taken, '127.0.0.1', done));
  return server;
}

describe('before anything is deployed', () => {
  test(
    'a held port is named with its holder',
    async () => {
      const server = await listenOn(port);
      const { exitCode, stderr } = await checkout.switchyard(['up', stack]);
      server.close();
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        new RegExp(
          `port ${port} is held by node \\(pid ${process.pid}\\)|port ${port} is held by MainThread`,
        ),
      );
      expect(stderr).toContain(`pulumi config set port ${port + 1} --stack ${stack}`);
      expect(containers()).toEqual([]);
    },
    2 * MINUTE,
  );

  test(
    'a stack that is not deployed has no status',
    async () => {
      const { exitCode, stderr } = await checkout.switchyard(['connect', stack]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`./switchyard up ${stack}`);
      expect(stderr).not.toMatch(/\n\s+at /);
    },
    MINUTE,
  );
});

describe('an up that was killed half-way', () => {
  test(
    'can be repeated: its lock is cleared away, and nothing of it stays',
    async () => {
      const child = execa('./switchyard', ['up', stack, '--no-connect'], {
        cwd: checkout.dir, env: checkout.env, extendEnv: false, reject: false, detached: true,
      }); // prettier-ignore
      for (let wait = 0; containers().length === 0; wait += 1) {
        if (wait > 1200) throw new Error('no container within 10 minutes');
        await sleep(500);
      }
      // The engine alone, without a chance to clean up.
      execFileSync('pkill', ['-9', '-f', `pulumi up .*--stack ${stack}`]);
      await child;
      const left = containers();
      const again = await checkout.switchyard(['up', stack, '--no-connect']);
      expect(again.stderr).toContain(`removing the lock that an interrupted run left on ${stack}`);
      expect([again.exitCode, again.exitCode === 0 ? '' : again.stderr]).toEqual([0, '']);
      expect(containers()).toHaveLength(2);
      for (const id of left) expect(containers()).not.toContain(id);
    },
    20 * MINUTE,
  );
});

describe('a deployed stack', () => {
  test(
    'takes containers of its own that its state does not know away, and names those of another',
    async () => {
      const before = containers();
      const stranger = (instance: string): string => {
        const name = `switchyard-${stack}-${instance}`;
        const labels = ['--label', `switchyard.stack=${stack}`, '--label', `switchyard.instance=${instance}`];
        execFileSync('docker', ['create', '--name', name, ...labels, inspect(before[0], '{{.Image}}')]);
        return name;
      };
      const own = stranger(inspect(before[0], '{{index .Config.Labels "switchyard.instance"}}'));
      const cleared = await checkout.switchyard(['up', stack, '--no-connect']);
      expect(cleared.stderr).toContain(`removing what an interrupted run left: ${own}`);
      expect([cleared.exitCode, containers()]).toEqual([0, before]);

      const foreign = stranger('0123456789abcdef');
      const refused = await checkout.switchyard(['up', stack, '--no-connect']);
      const status = await checkout.json<{ unknownContainers: string[] }>(['status', stack]);
      execFileSync('docker', ['rm', '--force', foreign]);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain(`docker rm --force ${foreign}`);
      expect(status.unknownContainers).toEqual([foreign]);
      expect(containers()).toEqual(before);
    },
    5 * MINUTE,
  );

  test(
    'says so when the passphrase is wrong, and when it is lost',
    async () => {
      const before = containers();
      const passphrase = join(checkout.env.SWITCHYARD_HOME ?? '', 'passphrase', stack);
      renameSync(passphrase, `${passphrase}.kept`);
      const lost = await checkout.switchyard(['up', stack, '--no-connect']);
      writeFileSync(passphrase, 'not the right one', { mode: 0o600 });
      const wrong = await checkout.switchyard(['up', stack, '--no-connect']);
      renameSync(`${passphrase}.kept`, passphrase);
      for (const { exitCode, stderr } of [lost, wrong]) {
        expect(exitCode).toBe(1);
        expect(stderr).toContain('passphrase');
        expect(stderr).not.toMatch(/\n\s+at /);
      }
      expect(wrong.stderr).toContain(`the passphrase of stack ${stack} is not the one`);
      expect(containers()).toEqual(before);
    },
    3 * MINUTE,
  );

  test(
    'is unchanged by a typo in the catalogue, which plain pulumi names with its place',
    async () => {
      const before = containers();
      const file = join(checkout.dir, 'config-templates/catalog.yaml');
      const good = readFileSync(file, 'utf8');
      writeFileSync(file, good.replace(/^ {4}provider: groq$/m, '    provder: groq'));
      const line = good.split('\n').findIndex((text) => text === '    provider: groq') + 1;
      const stateBefore = await resources();
      const preview = await checkout.pulumi(stack, ['preview']);
      const up = await checkout.switchyard(['up', stack, '--no-connect']);
      const stateAfter = await resources();
      writeFileSync(file, good);
      for (const { exitCode, stdout, stderr } of [preview, up]) {
        expect(exitCode).not.toBe(0);
        const text = stdout + stderr;
        expect(text).toContain(`config-templates/catalog.yaml:${line}:5`);
        expect(text).toContain('did you mean');
        expect(text).not.toMatch(/\n\s+at .*\.ts/);
      }
      // Not as the two texts: a failure would print them.
      expect(stateAfter === stateBefore).toBe(true);
      expect(containers()).toEqual(before);
    },
    3 * MINUTE,
  );

  test(
    'keeps everything when its disk is nearly full',
    async () => {
      const before = containers();
      // A folder on a tiny file system of its own stands for the machine's disk.
      const tiny = join(checkout.dir, '.tiny');
      execFileSync('mkdir', [tiny]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', tiny]);
      try {
        const { exitCode, stderr } = await checkout.switchyard(['doctor'], {
          env: { SWITCHYARD_HOME: tiny },
        });
        expect(exitCode).toBe(1);
        expect(stderr + '').not.toMatch(/\n\s+at /);
      } finally {
        execFileSync('umount', [tiny]);
        rmSync(tiny, { recursive: true });
      }
      expect(containers()).toEqual(before);
    },
    2 * MINUTE,
  );
});
