/** Replaces the list of accepted keys in the running containers of a stack, and asks each of them whether the new one is in force. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../console/errors.ts';
import { readContainerFile, runInContainer, writeContainerFile } from '../engine/file-in-container.ts';
import { type StackContainer, stackContainers } from '../engine/containers.ts';
import { CLIENT_KEYS_FILE } from '../infra/client-keys.ts';

/** A change of the list, and what it must bring about. */
export interface KeyListChange {
  /** Makes the new text of client-keys.json from a container's present one. */
  change: (file: string) => string;
  /** A key that is accepted afterwards. */
  accepted: string;
  /** Keys that are refused afterwards. */
  refused: readonly string[];
}

/** A container in which the list is not in force. */
export interface NotApplied {
  container: string;
  reason: string;
}

/** The containers in which the list is not in force, with the reasons, in one line. */
export function describeNotApplied(failed: readonly NotApplied[]): string {
  return failed.map(({ container, reason }) => `${container}: ${reason}`).join('; ');
}

/** Within this time a container answers by the new list: it reads the file at the next request, or when the file changes. */
const VERIFY_MS = 5000;

/**
 * Changes the list in all gateways and in Portkey, those that drain or start included. A container that is created meanwhile is included
 * as well; one that is removed meanwhile does not count.
 *
 * @param instance the random id of this deployment: containers of another one of the same name are left alone.
 * @returns the containers in which the list is not in force; empty if all keys are accepted and refused as they must be, everywhere.
 */
export async function applyKeyList(
  stack: string,
  instance: unknown,
  change: KeyListChange,
): Promise<NotApplied[]> {
  const done = new Set<string>();
  const failed: NotApplied[] = [];
  for (;;) {
    const fresh = (await keyHolders(stack, instance)).filter(({ id }) => !done.has(id));
    if (fresh.length === 0) return failed;
    for (const { id } of fresh) done.add(id);
    const reasons = await Promise.all(fresh.map((container) => applyTo(stack, container, change)));
    for (const [index, reason] of reasons.entries())
      if (reason !== undefined) failed.push({ container: fresh[index]!.name, reason });
  }
}

/** The containers that check clients' keys. */
export async function keyHolders(stack: string, instance: unknown): Promise<StackContainer[]> {
  const containers = await stackContainers(stack);
  return containers.filter(
    (container) =>
      ['gateway', 'portkey'].includes(container.role) &&
      container.instance === instance &&
      !['dead', 'removing'].includes(container.state),
  );
}

/** Why the list is not in force in a container; undefined if it is, or if the container does not exist any more. */
async function applyTo(
  stack: string,
  { id, role, state }: StackContainer,
  { change, accepted, refused }: KeyListChange,
): Promise<string | undefined> {
  let written = false;
  try {
    const before = await readContainerFile(id, CLIENT_KEYS_FILE);
    const after = change(before);
    if (after !== before) await writeContainerFile(id, CLIENT_KEYS_FILE, after);
    written = true;
    // One that does not run reads the file when it starts.
    if (state !== 'running') return undefined;
    const end = Date.now() + VERIFY_MS;
    for (;;) {
      const input = [accepted, ...refused].map((key) => `${key}\n`).join('');
      const reason = wrongAnswer(await runInContainer(id, KEY_CHECKS[role] ?? [], input));
      if (reason === undefined || Date.now() > end) return reason;
      await sleep(100);
    }
  } catch (error) {
    const now = (await stackContainers(stack)).find((container) => container.id === id);
    if (now === undefined || (written && now.state !== 'running')) return undefined;
    if (error instanceof UserError) return [error.message, error.found].filter(Boolean).join(': ');
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * What is wrong with a container's answers; undefined if nothing.
 *
 * @param output one status a line: of the key that must be accepted, then of those that must be refused. 0 if it does not listen: it has
 *   not started yet, and reads the list then, or is about to end, and takes no more requests.
 */
export function wrongAnswer(output: string): string | undefined {
  const [accepted, ...refused] = output.trim().split('\n').map(Number);
  if (accepted === 401) return 'it does not accept the new key';
  if (refused.some((status) => status !== 401 && status !== 0)) return 'it still accepts the old key';
  return undefined;
}

/**
 * Commands that print the status with which a container answers each key on standard input. They are part of this release, not of the
 * container's image, which may be older.
 */
const KEY_CHECKS: Readonly<Record<string, readonly string[]>> = {
  gateway: [
    'python3',
    '-I',
    '-S',
    '-c',
    `import socket, sys
for key in sys.stdin.read().split():
    try:
        with socket.create_connection(('127.0.0.1', 4000), 5) as connection:
            connection.sendall(f'GET /health/key HTTP/1.0\\r\\nhost: gateway\\r\\nauthorization: Bearer {key}\\r\\n\\r\\n'.encode())
            print(int(connection.recv(64).split(b' ')[1]))
    except (OSError, IndexError):
        print(0)`,
  ],
  portkey: [
    'node',
    '--input-type=module',
    '--eval',
    `import { readFileSync } from 'node:fs';
for (const key of readFileSync(0, 'utf8').split('\\n').filter(Boolean)) {
  const url = 'http://127.0.0.1:' + (process.env.PORT ?? 8787) + '/v1/models';
  const headers = { authorization: 'Bearer ' + key };
  console.log(await fetch(url, { headers, signal: AbortSignal.timeout(5000) }).then(({ status }) => status, () => 0));
}`,
  ],
};
