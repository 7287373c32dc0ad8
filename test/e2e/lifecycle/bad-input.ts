/** Mistakes around a deployment: each is reported in a sentence with a non-zero exit code, and nothing is lost. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type LifecycleStack, MINUTE } from './lifecycle-stack.ts';

/** Before the first `up`. */
export function nothingDeployed(life: LifecycleStack): void {
  const { checkout } = life;

  describe('before anything is deployed', () => {
    test(
      'a preview shows what would be created, and changes nothing',
      async () => {
        const file = join(checkout.dir, `Pulumi.${life.stack}.yaml`);
        const settings = readFileSync(file, 'utf8');
        const preview = await checkout.json<{ changes: number; missing: boolean }>(['preview', life.stack]);
        expect(preview.missing).toBe(true);
        expect(preview.changes).toBeGreaterThan(10);
        expect(readFileSync(file, 'utf8')).toBe(settings);
        expect(existsSync(join(checkout.env.SWITCHYARD_HOME!, 'passphrase'))).toBe(false);
        expect(readdirSync(join(checkout.dir, '.backend'))).toEqual([]);
      },
      2 * MINUTE,
    );

    test(
      'a port in use is reported with the process that uses it',
      async () => {
        const server = await listenOn(life.port);
        const { exitCode, stderr } = await checkout.switchyard(['up', life.stack]);
        server.close();
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(
          new RegExp(
            `port ${life.port} is in use by node \\(pid ${process.pid}\\)|port ${life.port} is in use by MainThread`,
          ),
        );
        expect(stderr).toMatch(new RegExp(`pulumi config set port \\d+ --stack ${life.stack}`));
        expect(life.containers()).toEqual([]);
      },
      2 * MINUTE,
    );

    test(
      'connect to a stack that is not deployed is refused with the command that deploys it',
      async () => {
        const { exitCode, stderr } = await checkout.switchyard(['connect', life.stack]);
        expect(exitCode).toBe(1);
        expect(stderr).toContain(`./switchyard up ${life.stack}`);
        expect(stderr).not.toMatch(/\n\s+at /);
      },
      MINUTE,
    );
  });
}

/** On the deployed stack, which must not change. */
export function badInput(life: LifecycleStack): void {
  const { checkout } = life;

  describe('on a deployed stack', () => {
    test(
      'a wrong and a missing passphrase are reported',
      async () => {
        const before = life.containers();
        const passphrase = join(checkout.env.SWITCHYARD_HOME ?? '', 'passphrase', life.stack);
        renameSync(passphrase, `${passphrase}.kept`);
        const lost = await checkout.switchyard(['up', life.stack, '--no-connect']);
        writeFileSync(passphrase, 'not the right one', { mode: 0o600 });
        const wrong = await checkout.switchyard(['up', life.stack, '--no-connect']);
        renameSync(`${passphrase}.kept`, passphrase);
        for (const { exitCode, stderr } of [lost, wrong]) {
          expect(exitCode).toBe(1);
          expect(stderr).toContain('passphrase');
          expect(stderr).not.toMatch(/\n\s+at /);
        }
        expect(wrong.stderr).toContain(`the passphrase of stack ${life.stack} is not the one`);
        expect(life.containers()).toEqual(before);
      },
      3 * MINUTE,
    );

    test(
      'a typo in the catalogue changes nothing, and is reported with line and column, also by plain pulumi',
      async () => {
        const before = life.containers();
        const file = join(checkout.dir, 'config-templates/catalog.yaml');
        const good = readFileSync(file, 'utf8');
        writeFileSync(file, good.replace(/^ {4}provider: groq$/m, '    provder: groq'));
        const line = good.split('\n').findIndex((text) => text === '    provider: groq') + 1;
        const stateBefore = await life.resources();
        const preview = await checkout.pulumi(life.stack, ['preview']);
        const up = await checkout.switchyard(['up', life.stack, '--no-connect']);
        const stateAfter = await life.resources();
        writeFileSync(file, good);
        for (const { exitCode, stdout, stderr } of [preview, up]) {
          expect(exitCode).not.toBe(0);
          const text = stdout + stderr;
          expect(text).toContain(`config-templates/catalog.yaml:${line}:5`);
          expect(text).toContain('did you mean');
          expect(text).not.toMatch(/\n\s+at .*\.ts/);
        }
        // Not compared as texts, which a failure would print.
        expect(stateAfter === stateBefore).toBe(true);
        expect(life.containers()).toEqual(before);
      },
      3 * MINUTE,
    );

    test(
      'too little disk space is reported before anything changes',
      async () => {
        const before = life.containers();
        const stateBefore = await life.resources();
        const { exitCode, stderr } = await checkout.switchyard(['up', life.stack, '--no-connect'], {
          env: { SWITCHYARD_MIN_FREE_BYTES: String(1024 ** 5) },
        });
        const stateAfter = await life.resources();
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(
          new RegExp(
            [
              '^error: not enough disk space for a deployment',
              `  where:   ${checkout.env.SWITCHYARD_HOME}`,
              '  found:   [0-9.]+ GB free',
              '  allowed: at least 1048576.0 GB free',
              `  fix:     df -h ${checkout.env.SWITCHYARD_HOME}$`,
            ].join('\n'),
          ),
        );
        expect(stateAfter === stateBefore).toBe(true);
        expect(life.containers()).toEqual(before);
      },
      2 * MINUTE,
    );
  });
}

async function listenOn(taken: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(taken, '127.0.0.1', done));
  return server;
}
