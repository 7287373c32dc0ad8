/** A leaked master key on a real stack: `keys rotate --now`, completed and killed, seen from a client's side. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import { waitReady } from '../../../engine/health.ts';
import { docker } from '../../harness/test-containers.ts';
import type { Rotation } from './key-rotations.ts';
import { type LifecycleStack, MINUTE } from './lifecycle-stack.ts';

/** After the rotations with a grace period: the stack has key 2. */
export function leakedKeys(life: LifecycleStack): void {
  const { checkout } = life;

  test(
    'for a leak the old key is refused before the deployment, and the key in the client file is valid all the time',
    async () => {
      const leaked = life.clientKey();
      // The edge remembers for 30 s that a key is valid.
      expect(await chunkedStatus(life, leaked)).toBe(200);
      const watch = watchKeys(life, leaked);
      const rotation = await checkout.json<Rotation & Leak>(['keys', 'rotate', life.stack, '--now']);
      const deployed = Date.now() - watch.begun;
      const seen = await watch.stop();
      expect(rotation).toMatchObject({ generation: 3, rotated: true, previousUntil: null });
      expect(seen).toMatchObject({ fileRefused: [], acceptedAgain: false });
      // Seen from a client: before the command has deployed anything.
      const deployment = rotation.steps.at(-1)!.ms;
      expect(seen.lastAcceptedMs).toBeLessThan(deployed - deployment / 2);
      // The list alone takes a fraction of a deployment, on a busy machine too.
      expect(rotation.keyListMs).toBeLessThan(deployment / 2);
      expect(rotation.steps.map(({ step }) => step)).toEqual([
        'new key created',
        'new key accepted by every container',
        'client files',
        'old key refused by every container',
        'deployment',
      ]);
      expect([await life.statusWith(life.clientKey()), await life.statusWith(leaked)]).toEqual([200, 401]);
      expect(await checkout.json(['up', life.stack, '--no-connect'])).toMatchObject({ changes: 0 });
      expect(await checkout.json(['preview', life.stack])).toMatchObject({ changes: 0, meanings: [] });
    },
    10 * MINUTE,
  );

  test(
    'a rotation for a leak that is killed is shown, and completed by the next rotate or up',
    async () => {
      const leaked = life.clientKey();
      const [gateway] = docker(
        'ps',
        '-q',
        '--filter',
        `label=switchyard.stack=${life.stack}`,
        '--filter',
        'label=switchyard.role=gateway',
      ).split('\n');
      await killedAt(life, ['keys', 'rotate', life.stack, '--now'], 'new key created:');
      expect(await checkout.json(['status', life.stack])).toMatchObject({
        rotation: { generation: 4, oldKeyRefused: false },
      });
      await checkout.json(['connect', life.stack, '--key', 'master']);
      expect([life.clientKey(), await life.statusWith(leaked)]).toEqual([leaked, 200]);

      // The edge has cached the leaked key as valid when the list changes.
      expect(await chunkedStatus(life, leaked)).toBe(200);
      await killedAt(life, ['keys', 'rotate', life.stack], 'old key refused by every container:');
      expect([await life.statusWith(leaked), await chunkedStatus(life, leaked)]).toEqual([401, 401]);
      const current = life.clientKey();
      expect([current === leaked, await life.statusWith(current)]).toEqual([false, 200]);
      expect(docker('exec', gateway!, 'stat', '-c', '%a %u:%g', '/run/secrets/client-keys.json')).toBe(
        '440 0:0',
      );
      expect(await checkout.json(['status', life.stack])).toMatchObject({
        rotation: { generation: 4, oldKeyRefused: true },
      });
      // Pulumi's outputs still have the old key: a client must not get it.
      await checkout.json(['connect', life.stack, '--key', 'master']);
      expect(life.clientKey()).toBe(current);
      docker('restart', gateway!);
      await waitReady(`http://127.0.0.1:${life.port}`);
      expect([await life.statusWith(current), await life.statusWith(leaked)]).toEqual([200, 401]);

      const up = await checkout.switchyard(['up', life.stack]);
      expect([up.exitCode, up.exitCode === 0 ? '' : up.stderr]).toEqual([0, '']);
      expect([life.clientKey(), await life.statusWith(current), await life.statusWith(leaked)]).toEqual([
        current,
        200,
        401,
      ]);
      expect(await checkout.json(['status', life.stack])).toMatchObject({ rotation: null });
    },
    10 * MINUTE,
  );
}

/** What a preview says of a rotated master key and provider key; by default only in test/unit/preview/describe-changes.test.ts. */
export function previewOfRotations(life: LifecycleStack): void {
  const { checkout } = life;

  test(
    'preview shows that the old key is refused',
    async () => {
      await checkout.pulumi(life.stack, ['config', 'set', '--path', 'masterKey.generation', '5']);
      await checkout.pulumi(
        life.stack,
        ['config', 'set', '--secret', 'GROQ_API_KEY'],
        `gsk_${'n3W0'.repeat(13)}`,
      );
      const { meanings } = await checkout.json<{ meanings: string[] }>(['preview', life.stack]);
      expect(meanings).toEqual([
        'GROQ_API_KEY rotated',
        'the master key is rotated (4 → 5); the old one is rejected as soon as the gateways are replaced',
        'the gateways are replaced; new ones start before old ones stop: no request fails',
      ]);
    },
    5 * MINUTE,
  );
}

/** What `keys rotate --now` says in addition. */
interface Leak {
  oldKeyRefusedAfterMs: number;
  keyListMs: number;
  steps: { step: string; ms: number }[];
}

/** Runs a command and kills it as soon as it prints a line on standard error that begins with a text. */
async function killedAt({ checkout }: LifecycleStack, args: string[], line: string): Promise<void> {
  const child = execa('./switchyard', args, {
    cwd: checkout.dir, env: checkout.env, extendEnv: false, reject: false, detached: true, stdin: 'ignore',
  }); // prettier-ignore
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (`\n${text}`.includes(`\n${line}`)) process.kill(-child.pid!, 'SIGKILL');
  });
  const { signal, stderr } = await child;
  expect([signal, signal === 'SIGKILL' ? '' : stderr]).toEqual(['SIGKILL', '']);
}

/** The status of a request whose body comes in chunks: before it reads that, the edge checks the key itself. */
async function chunkedStatus({ port }: LifecycleStack, key: string): Promise<number> {
  const body = JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: 'hi' }] });
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: new Blob([body]).stream(),
    duplex: 'half',
  });
  await response.body?.cancel();
  return response.status;
}

/** Sends requests with a leaked key, and with the one that the client file has at that moment. */
function watchKeys(life: LifecycleStack, leaked: string) {
  const begun = Date.now();
  const seen = { lastAcceptedMs: 0, acceptedAgain: false, fileRefused: [] as number[] };
  let [done, refused] = [false, false];
  const watching = (async () => {
    while (!done) {
      const sent = Date.now() - begun;
      const status = await life.statusWith(life.clientKey());
      if (status !== 200) seen.fileRefused.push(status);
      const old = await life.statusWith(leaked);
      if (old === 401) refused = true;
      else [seen.lastAcceptedMs, seen.acceptedAgain] = [sent, refused];
      await sleep(50);
    }
  })();
  return {
    begun,
    async stop() {
      done = true;
      await watching;
      return seen;
    },
  };
}
