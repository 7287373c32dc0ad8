/** The ledger of two gateways against the providers' own record, call by call: while one is replaced, and after one was killed. */
import { expect, test } from '@jest/globals';
import { execa } from 'execa';
import type { ReceivedRequest } from '../../../sandbox/upstream.ts';
import { compareLedger } from '../../harness/ledger/compare-ledger.ts';
import type { Row } from '../../harness/ledger/expected-attempt.ts';
import { SEED, SOAK } from '../../harness/soak.ts';
import { type BudgetsStack, MINUTE } from './budgets-stack.ts';
import { Load, type Received } from './ledger-load.ts';
import { mix } from './ledger-mix.ts';
import { rowsSince, servedOf, settledLedger, type Volume } from './ledger-record.ts';

const COUNT = SOAK ? 5000 : 150;
const KILLS = SOAK ? 3 : 1;
/** The requests around each kill, and after how many of them it happens. */
const [AROUND, BEFORE] = [64, 24];
/** A gateway that is killed may lose the rows of so much time before, in milliseconds. */
const MAY_BE_LOST = 1000;

/** A kill: a time shortly before and one shortly after it, in milliseconds since 1970, and the gateway's address. */
interface Kill {
  before: number;
  after: number;
  address: string;
}

/** Runs the tests on a deployed stack with two gateways. A soak run leaves both of them; else one is stopped. */
export function ledgerTests(stack: BudgetsStack): void {
  test(
    `what ${COUNT} requests cost is as the providers served them, while a gateway is replaced`,
    async () => {
      const run = await begin(stack, 'counts', COUNT);
      await run.load.reach(COUNT / 3);
      await (SOAK ? changeSetting(stack) : restartOne(stack));
      const received = await run.load.end();
      expect(await stack.crashes()).toEqual([]);
      const { volume, differences, addresses } = await compared(stack, run, received);
      expect(differences).toEqual([]);
      expectSums(volume);
      expectAllKinds(received, rowsSince(volume, run.since).attempts);
      expect(addresses.size).toBeGreaterThan(1);
      await stack.untilHealthy(2);
    },
    30 * MINUTE,
  );

  test.each(Array.from({ length: KILLS }, (_, index) => index))(
    'a gateway that is killed loses at most what it answered in the last second (kill %i)',
    async (index) => {
      const run = await begin(stack, `kill${index}`, AROUND, SEED + index);
      await run.load.reach(BEFORE);
      const victim = (await stack.gateways())[index % 2]!;
      const before = Date.now();
      await execa('docker', ['kill', victim.id]);
      const kill = { before, after: Date.now(), address: victim.address };
      const { volume, differences, mayBeMissing } = await compared(stack, run, await run.load.end(), kill);
      expect(differences).toEqual([]);
      expect(volume.integrity).toBe('ok');
      // It was in the middle of something.
      expect(mayBeMissing).toBeGreaterThan(0);
      expectSums(volume);
      if (!SOAK) return;
      await execa('docker', ['start', victim.id]);
      await stack.untilHealthy(2);
    },
    10 * MINUTE,
  );
}

interface Run {
  load: Load;
  since: number;
}

/** Begins to send. */
async function begin(stack: BudgetsStack, name: string, count: number, seed = SEED): Promise<Run> {
  const keys = await stack.keys();
  await stack.upstream.forget();
  const since = Date.now();
  const load = new Load(`http://127.0.0.1:${stack.port}`, keys, mix(`ledger-${name}`, count, seed));
  return { load, since };
}

/** The ledger of a run when it has settled, and how it differs from the providers' record. */
async function compared(
  stack: BudgetsStack,
  run: Run,
  received: readonly Received[],
  kill?: Kill,
): Promise<{ volume: Volume; differences: string[]; addresses: Set<string>; mayBeMissing: number }> {
  const volume = await settledLedger(stack);
  const calls = (await stack.upstream.requests()).filter(({ ref }) => ref !== undefined);
  const lost = lostBy(received, calls, kill);
  const last = new Map(calls.map(({ ref, n }) => [ref!, n]));
  const byRef = new Map(received.map((one) => [one.ref, one]));
  const served = await servedOf(stack, calls, ({ ref, peer, time, n }) => {
    const wasKilled = peer === kill?.address && time * 1000 <= kill.after;
    const mayBeMissing = wasKilled && lost.has(ref!);
    // What the client has is of the last call, which another model may have made.
    const clientPieces = last.get(ref!) === n && !mayBeMissing ? (byRef.get(ref!)?.pieces ?? 0) : 0;
    return { clientPieces, mayBeMissing };
  });
  const sent = received.map((one) => ({ ...one, mayBeMissing: lost.has(one.ref) }));
  const differences = compareLedger(sent, served, rowsSince(volume, run.since));
  const addresses = new Set(calls.map(({ peer }) => peer));
  return { volume, differences, addresses, mayBeMissing: lost.size };
}

/** The requests that a killed gateway may have lost: those that it had, or that no provider saw, and that had not been answered for a second. */
function lostBy(received: readonly Received[], calls: readonly ReceivedRequest[], kill?: Kill): Set<string> {
  if (!kill) return new Set();
  const byRef = Map.groupBy(calls, ({ ref }) => ref!);
  const inFlight = received.filter(
    ({ begunAt, endedAt }) => begunAt <= kill.after && endedAt >= kill.before - MAY_BE_LOST,
  );
  const had = ({ ref }: Received) => byRef.get(ref)?.some(({ peer }) => peer === kill.address) ?? true;
  return new Set(inFlight.filter(had).map(({ ref }) => ref));
}

/** Restarts one gateway, as Docker does it: SIGTERM, and a while to finish. */
async function restartOne(stack: BudgetsStack): Promise<void> {
  const [, second] = await stack.gateways();
  await execa('docker', ['restart', second!.id]);
}

/** Changes a setting: `up` replaces both gateways, one after the other. */
async function changeSetting(stack: BudgetsStack): Promise<void> {
  const set = ['config', 'set', '--path', 'switchyard:ledger.retentionDays', '89'];
  expect(await stack.checkout.pulumi(stack.stack, set)).toMatchObject({ exitCode: 0 });
  await stack.checkout.json(['up', stack.stack, '--no-ask']);
}

/** The sums that `usage` shows, and what is spent of the budget, are those of the rows; nothing is reserved. */
function expectSums({ attempts, requests, usage_hours, limit_windows, reservations }: Volume): void {
  const sum = (rows: readonly Row[], name: string) =>
    rows.reduce((total, row) => total + Number(row[name]), 0);
  expect({
    cost: sum(usage_hours, 'cost_nano_usd'),
    input: sum(usage_hours, 'gen_ai_usage_input_tokens'),
    output: sum(usage_hours, 'gen_ai_usage_output_tokens'),
    attempts: sum(usage_hours, 'attempts'),
    requests: sum(usage_hours, 'requests'),
  }).toEqual({
    cost: sum(attempts, 'cost_nano_usd'),
    input: sum(attempts, 'gen_ai_usage_input_tokens'),
    output: sum(attempts, 'gen_ai_usage_output_tokens'),
    attempts: attempts.length,
    requests: requests.length,
  });
  const [window] = limit_windows.filter(
    ({ scope, name, measure }) => `${scope} ${name} ${measure}` === 'key bob nano_usd',
  );
  const bob = attempts.filter(({ key_alias }) => key_alias === 'bob');
  expect(window).toMatchObject({ used: sum(bob, 'cost_nano_usd'), reserved: 0 });
  expect(reservations).toEqual([]);
}

/** The run had everything that it was to have. */
function expectAllKinds(received: readonly Received[], attempts: readonly Row[]): void {
  const values = (name: string) => new Set(attempts.map((row) => row[name]));
  const has = (found: Set<unknown>, ...expected: unknown[]) =>
    expect([...found]).toEqual(expect.arrayContaining(expected));
  has(values('status'), 'success', 'error', 'cancelled');
  has(values('usage_source'), 'provider', 'counted', 'none');
  has(values('cost_source'), 'provider', 'local', 'unpriced', 'none');
  has(values('error_type'), '500', '429', '400', 'timeout', 'connection', 'incomplete');
  has(values('route'), 'chat_completions', 'messages', 'responses', 'embeddings');
  has(values('key_alias'), 'alice', 'bob');
  has(values('provider_key'), 'OPENAI_API_KEY', 'OPENAI_API_KEY_2');
  expect(received.filter(({ cacheHit }) => cacheHit).length).toBeGreaterThan(0);
  expect(received.filter(({ hungUp }) => hungUp).length).toBeGreaterThan(0);
}
