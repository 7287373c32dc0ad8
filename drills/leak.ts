import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackContainers } from '../engine/containers.ts';
import { type Canary, needlesOf, newCanaries } from './canaries.ts';
import { underLoad } from './change.ts';
import { forceErrors, type Seen } from './forced-errors.ts';
import { closeAgain, openEveryWay } from './leak-stack.ts';
import { Searching, searchHost } from './places.ts';
import { litellmPid } from './processes.ts';
import { KEY_NAME, type DrillStack } from './drill-stack.ts';
import { failureFindings } from './sums.ts';
import type { Drill, DrillContext, Outcome } from './drill-types.ts';

/** Every key is a canary; after errors, a rotation and a crash none is to be found. */
export const leak: Drill = {
  name: 'leak',
  claim:
    'after errors that quote the keys, a rotation and a crash, no key is to be found anywhere but where it belongs',
  run: runLeak,
};

async function runLeak(context: DrillContext): Promise<Outcome> {
  const { stack, progress } = context;
  const since = Date.now();
  const canaries = newCanaries();
  const before = canaries.map(({ name, value }) => ({ name: `${name} before its rotation`, value }));
  progress('leak: a canary as every key …');
  const whole = await openEveryWay(stack);
  await stack.switchyard(['keys', 'import', '-', stack.name], envFile(canaries));
  await stack.up();
  const oldKey = await stack.masterKey();
  const answers = await errors(context, oldKey);
  const askedBefore = await keysSeenByUpstream(stack);
  const logs = await logsOf(stack);

  progress('leak: rotating keys and the master key, from Portkey in the cloud to one in the stack …');
  await stack.untilAnswers(oldKey);
  // Each key that is set takes a second or two; these are enough to see that a rotated one is nowhere either.
  const after = newCanaries().slice(0, context.short ? 4 : undefined);
  const { records, changeSeconds } = await underLoad(context, oldKey, async () => {
    await stack.switchyard(['keys', 'import', '-', stack.name], envFile(after));
    await stack.pulumi(['config', 'set', '--path', 'portkey.mode', 'local']);
    await stack.switchyard(['keys', 'rotate', stack.name, '--grace', '1h']);
  });
  const newKey = await stack.masterKey();

  progress('leak: a crash, and errors again …');
  await crash(stack, newKey);
  answers.push(...(await errors(context, newKey)));
  const askedAfter = await keysSeenByUpstream(stack);
  await stack.untilAnswers(newKey);

  const masters = [
    { name: 'the master key', value: newKey },
    { name: 'the master key before', value: oldKey },
  ];
  const needles = needlesOf([...before, ...after, ...masters]);
  const search = new Searching(needles);
  for (const { what, text } of answers) search.text(`the answer to ${what}`, text);
  for (const [name, text] of logs) search.text(`the log of ${name} before the rotation`, text);
  progress('leak: searching the host …');
  const host = await searchHost(stack, needles, since);
  if (!context.short) await closeAgain(stack, whole);
  const failed = records.filter((record) => !record.ok);
  return {
    records,
    findings: [
      ...failureFindings('requests failed', failed),
      ...search.result().findings,
      ...host.findings,
      ...control(stack, after, needles),
      ...unasked(canaries, askedBefore),
      // The stack's own Portkey needs no key of the cloud's.
      ...unasked(
        after.filter(({ name }) => name !== 'PORTKEY_API_KEY'),
        askedAfter,
      ),
      ...unforced(answers),
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

async function errors({ stack, progress }: DrillContext, key: string): Promise<Seen[]> {
  const models = await served(stack, key, '/v1/models');
  const portkey = await served(stack, key, '/portkey/v1/models');
  progress(`leak: forcing errors at ${models.length + portkey.length} models …`);
  await stack.upstream.forget();
  return forceErrors(stack, key, { models, portkey });
}

/** The models that a part of the stack serves; none where the stack has no such part. */
async function served(stack: DrillStack, key: string, path: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(`http://127.0.0.1:${stack.port}${path}`, { headers });
  if (!response.ok) return [];
  const { data } = (await response.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

/** kill -9 of every gateway, one after the other, and their return. */
async function crash(stack: DrillStack, key: string): Promise<void> {
  for (const gateway of await stack.gateways()) {
    process.kill(litellmPid(gateway), 'SIGKILL');
    // Docker's word on the health is of before until the restart.
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

/** Every key that the upstream was asked with. */
async function keysSeenByUpstream(stack: DrillStack): Promise<Set<string>> {
  const received = await stack.upstream.requests();
  return new Set(
    received.flatMap(({ headers }) => [
      headers['x-portkey-api-key'] ?? '',
      headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '') ?? '',
    ]),
  );
}

/** The search must find what is there: auth.json holds the keys, or the search is blind. */
function control(stack: DrillStack, canaries: Canary[], needles: ReturnType<typeof needlesOf>): string[] {
  const search = new Searching(needles);
  search.text('auth.json', readFileSync(join(stack.checkout.dir, '.client/data/opencode/auth.json')));
  const [finding = ''] = search.result().findings;
  return finding.includes(KEY_NAME) && canaries.length > 0
    ? []
    : ['the search found no key in auth.json, where they are: it is blind'];
}

/** Canaries that no upstream was asked with: of them the forced errors prove nothing. */
function unasked(canaries: readonly Canary[], asked: ReadonlySet<string>): string[] {
  return canaries
    .filter(({ value }) => !asked.has(value))
    .map(({ name }) => `no upstream was asked with ${name}: its errors prove nothing`);
}

function unforced(answers: readonly Seen[]): string[] {
  const good = answers.filter(({ refused, status }) => refused && status < 400);
  return good.slice(0, 3).map(({ what }) => `${what} was answered although every upstream refused`);
}
