import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackContainers } from '../engine/containers.ts';
import { type Canary, needlesOf, newCanaries } from './canaries.ts';
import { underLoad } from './under-load.ts';
import { forceErrors, type ForcedAnswer } from './forced-errors.ts';
import { restoreStack, openAllKeyPaths } from './leak-stack.ts';
import { LeakSearch, searchHost } from './leak-search.ts';
import { litellmPid } from './processes.ts';
import { KEY_NAME, type DrillStack } from './drill-stack.ts';
import { failureFindings } from './drill-figures.ts';
import type { Drill, DrillContext, Outcome } from './drill-types.ts';

/** Sets every key to a canary; after errors, a rotation and a crash no canary may be found outside its place. */
export const leak: Drill = {
  name: 'leak',
  claim:
    'after errors that quote the keys, a rotation and a crash, no key is found outside the places where it belongs',
  run: runLeak,
};

async function runLeak(context: DrillContext): Promise<Outcome> {
  const { stack, progress } = context;
  const since = Date.now();
  const canaries = newCanaries();
  const before = canaries.map(({ name, value }) => ({ name: `${name} before its rotation`, value }));
  progress('leak: setting every key to a canary …');
  const litellmYaml = await openAllKeyPaths(stack);
  await stack.switchyard(['keys', 'import', '-', stack.name], envFile(canaries));
  await stack.up();
  const oldKey = await stack.masterKey();
  const answers = await forceAllErrors(context, oldKey);
  const usedBefore = await keysSeenByUpstream(stack);
  const logs = await logsOf(stack);

  progress("leak: rotating keys and the master key, switching from Portkey's cloud to the stack's own …");
  await stack.untilAnswers(oldKey);
  // Setting a key takes a second or two, so a short run sets only four: enough to check rotated keys as well.
  const after = newCanaries().slice(0, context.short ? 4 : undefined);
  const { records, changeSeconds } = await underLoad(context, oldKey, async () => {
    await stack.switchyard(['keys', 'import', '-', stack.name], envFile(after));
    await stack.pulumi(['config', 'set', '--path', 'portkey.mode', 'local']);
    await stack.switchyard(['keys', 'rotate', stack.name, '--grace', '1h']);
  });
  const newKey = await stack.masterKey();

  progress('leak: killing the gateways, and forcing errors again …');
  await crash(stack, newKey);
  answers.push(...(await forceAllErrors(context, newKey)));
  const usedAfter = await keysSeenByUpstream(stack);
  await stack.untilAnswers(newKey);

  const masters = [
    { name: 'the master key', value: newKey },
    { name: 'the previous master key', value: oldKey },
    ...Object.entries(await stack.virtualKeys()).map(([alias, value]) => ({
      name: `the key ${alias}`,
      value,
    })),
  ];
  const needles = needlesOf([...before, ...after, ...masters]);
  const search = new LeakSearch(needles);
  for (const { what, text } of answers) search.text(`the answer to ${what}`, text);
  for (const [name, text] of logs) search.text(`the log of ${name} before the rotation`, text);
  progress('leak: searching the host …');
  const host = await searchHost(stack, needles, since);
  if (!context.short) await restoreStack(stack, litellmYaml);
  return {
    records,
    findings: [
      ...failureFindings('requests failed', records),
      ...search.result().findings,
      ...host.findings,
      ...checkSearch(stack, after, needles),
      ...unusedKeys(canaries, usedBefore),
      // The stack's own Portkey does not use the cloud's key.
      ...unusedKeys(
        after.filter(({ name }) => name !== 'PORTKEY_API_KEY'),
        usedAfter,
      ),
      ...missingErrors(answers),
    ],
    figures: {
      changeSeconds,
      errorsForced: answers.length,
      placesSearched: search.result().places + host.places,
    },
  };
}

function envFile(canaries: readonly Canary[]): string {
  return canaries.map(({ name, value }) => `${name}=${value}\n`).join('');
}

async function forceAllErrors({ stack, progress }: DrillContext, key: string): Promise<ForcedAnswer[]> {
  const models = await served(stack, key, '/v1/models');
  const portkey = await served(stack, key, '/portkey/v1/models');
  progress(`leak: forcing errors at ${models.length + portkey.length} models …`);
  await stack.upstream.forget();
  return forceErrors(stack, key, { models, portkey });
}

/** The models that a part of the stack serves; empty if the stack has no such part. */
async function served(stack: DrillStack, key: string, path: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`http://127.0.0.1:${stack.port}${path}`, { headers });
  if (!response.ok) return [];
  const { data } = (await response.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

/** Kills every gateway with SIGKILL, one after the other, and waits until it is back. */
async function crash(stack: DrillStack, key: string): Promise<void> {
  for (const gateway of await stack.gateways()) {
    process.kill(litellmPid(gateway), 'SIGKILL');
    // Until the restart, Docker reports the health from before the kill.
    await sleep(3000);
    await stack.untilAnswers(key);
  }
}

async function logsOf(stack: DrillStack): Promise<[string, string][]> {
  const containers = await stackContainers(stack.name);
  const logs = containers.map(async ({ id, name }): Promise<[string, string]> => [
    name,
    await stack.logs(id),
  ]);
  return Promise.all(logs);
}

/** Every key that the upstream received. */
async function keysSeenByUpstream(stack: DrillStack): Promise<Set<string>> {
  const received = await stack.upstream.requests();
  return new Set(
    received.flatMap(({ headers }) => [
      headers['x-portkey-api-key'] ?? '',
      headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '') ?? '',
    ]),
  );
}

/** Checks the search itself: it must find the keys in auth.json, where they are. */
function checkSearch(stack: DrillStack, canaries: Canary[], needles: ReturnType<typeof needlesOf>): string[] {
  const search = new LeakSearch(needles);
  search.text('auth.json', readFileSync(join(stack.checkout.dir, '.client/data/opencode/auth.json')));
  const [finding = ''] = search.result().findings;
  return finding.includes(KEY_NAME) && canaries.length > 0
    ? []
    : ['the search did not find the keys in auth.json, where they are: it does not work'];
}

/** Findings for canaries that no upstream received: for these the forced errors prove nothing. */
function unusedKeys(canaries: readonly Canary[], used: ReadonlySet<string>): string[] {
  return canaries
    .filter(({ value }) => !used.has(value))
    .map(({ name }) => `no upstream received ${name}: the forced errors prove nothing about it`);
}

/** Findings for requests that succeeded although every upstream returned an error. */
function missingErrors(answers: readonly ForcedAnswer[]): string[] {
  const succeeded = answers.filter(({ refused, status }) => refused && status < 400);
  return succeeded
    .slice(0, 3)
    .map(({ what }) => `${what} succeeded although every upstream returned an error`);
}
