/**
 * Budgets on a real stack with two gateways: many requests at once do not overdraw one, a client that is connected with its key is refused in
 * words, and `status` and `usage` say what is so. Then the ledger of the same stack: it has each call as the provider served it, also while a
 * gateway is replaced and after one was killed (budgets/ledger-tests.ts). `npm run soak` repeats the budgets with one and four gateways, and
 * while gateways are replaced, and sends 5,000 requests instead of 150.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SOAK } from '../harness/soak.ts';
import { BUDGET, BudgetsStack, MINUTE } from './budgets/budgets-stack.ts';
import { ledgerTests } from './budgets/ledger-tests.ts';

const MODEL = 'gpt-4';
/** How many requests have room in the budget of the key `ten`, and how many are sent at once. */
const ROOM = 10;
const SENT = 50;

/** What `usage --budgets --json` says. */
interface Budgets {
  budgets: { name: string; nanoUsd: number; spentNanoUsd: number; reservedNanoUsd: number }[];
}

const stack = new BudgetsStack();
let sent = 0;
/** With so many tokens in the answer, {@link ROOM} and a half of the worst cases cost the budget. */
let maxTokens = 10;

beforeAll(() => stack.start(), 5 * MINUTE);
afterAll(() => stack.remove(), 5 * MINUTE);

async function valueOf(alias: string): Promise<string> {
  return (await stack.keys())[alias] ?? '';
}

/** Streams an answer that takes three seconds, so that requests that are sent at once run at once. Each has another text of equal length. */
async function ask(key: string): Promise<{ status: number; text: string }> {
  sent += 1;
  const content = `budget ${String(sent).padStart(6, '0')} #chunks=5 #delayMs=600`;
  const response = await fetch(`http://127.0.0.1:${stack.port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: MODEL,
      stream: true,
      max_tokens: maxTokens,
      messages: [{ role: 'user', content }],
    }),
  });
  return { status: response.status, text: await response.text() };
}

/** Sends all requests at once: how many were answered, and how many reached the provider. */
async function burst(key: string): Promise<{ answered: number; refused: number; called: number }> {
  const before = (await stack.upstream.requests()).length;
  const answers = await Promise.all(Array.from({ length: SENT }, () => ask(key)));
  const refusals = answers.filter(({ status }) => status !== 200);
  for (const { status, text } of refusals)
    expect([status, (JSON.parse(text) as { error: { code: string } }).error.code]).toEqual([
      429,
      'budget_exceeded',
    ]);
  const called = (await stack.upstream.requests()).length - before;
  return { answered: SENT - refusals.length, refused: refusals.length, called };
}

/** The budget of a key once nothing is reserved any more. */
async function settled(name: string): Promise<Budgets['budgets'][number]> {
  for (let tries = 0; ; tries += 1) {
    const { budgets } = await stack.checkout.json<Budgets>(['usage', stack.stack, '--budgets']);
    const found = budgets.find((budget) => budget.name === name)!;
    if (found.reservedNanoUsd === 0 || tries === 20) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What a request with so many tokens can cost at most, in US dollars, as its refusal says. */
async function worstCase(tokens: number): Promise<number> {
  maxTokens = tokens;
  const { status, text } = await ask(await valueOf('none'));
  expect(status).toBe(429);
  expect(text).toContain('The budget of the key \\"none\\" has no room for this request');
  return Number(/can need ([\d.]+) USD/.exec(text)?.[1]);
}

test(
  'a request above the budget is refused and says what it can need',
  async () => {
    const [few, more] = [await worstCase(1000), await worstCase(2000)];
    expect(more).toBeGreaterThan(few);
    maxTokens = Math.floor(1000 + (1000 * (BUDGET / (ROOM + 0.5) - few)) / (more - few));
    const { budgets } = await stack.checkout.json<{ budgets: { enforced: boolean }[] }>([
      'status',
      stack.stack,
    ]);
    expect(budgets.map(({ enforced }) => enforced)).toEqual([true, true]);
  },
  2 * MINUTE,
);

test(
  `${SENT} requests at once on a key with room for ${ROOM} overdraw nothing`,
  async () => {
    const key = await valueOf('ten');
    expect(await burst(key)).toEqual({ answered: ROOM, refused: SENT - ROOM, called: ROOM });
    const { nanoUsd, spentNanoUsd, reservedNanoUsd } = await settled('ten');
    expect(reservedNanoUsd).toBe(0);
    expect(spentNanoUsd).toBeGreaterThan(0);
    expect(spentNanoUsd).toBeLessThan(nanoUsd);
    // What was not needed is free again.
    expect((await burst(key)).answered).toBe(ROOM);
  },
  3 * MINUTE,
);

test(
  'connect writes a key of a person into the client, and no other key',
  async () => {
    await stack.checkout.json(['connect', stack.stack, '--key', 'ten']);
    const file = readFileSync(join(stack.checkout.env.XDG_DATA_HOME!, 'opencode/auth.json'), 'utf8');
    expect(Object.entries(JSON.parse(file) as Record<string, { key: string }>)).toEqual([
      ['litellm', expect.objectContaining({ key: await valueOf('ten') })],
    ]);
    const check = await stack.checkout.switchyard(['connect', stack.stack, '--check']);
    expect(check).toMatchObject({ exitCode: 0 });
  },
  3 * MINUTE,
);

// It stops a gateway, and the budgets of the soak need all of them.
ledgerTests(stack);

if (!SOAK)
  console.log('in the soak only: budgets with one and four gateways, and while gateways are replaced');
else
  test.each([1, 4])(
    'with %i gateways, also while they are replaced, nothing is overdrawn',
    async (replicas) => {
      const key = await valueOf('ten');
      await stack.checkout.pulumi(stack.stack, ['config', 'set', 'switchyard:replicas', String(replicas)]);
      const deployed = stack.checkout.json(['up', stack.stack, '--no-ask']);
      let during = 0;
      let isRunning = true;
      const ended = deployed.finally(() => (isRunning = false));
      while (isRunning) {
        const { answered, called } = await burst(key);
        expect([answered, called]).toEqual([ROOM, ROOM]);
        during += 1;
      }
      await ended;
      expect(during).toBeGreaterThan(1);
      expect(await burst(key)).toEqual({ answered: ROOM, refused: SENT - ROOM, called: ROOM });
      expect((await settled('ten')).reservedNanoUsd).toBe(0);
    },
    10 * MINUTE,
  );
