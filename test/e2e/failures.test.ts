/**
 * Tests against two real gateways what happens when a provider fails, case by case. With `SWITCHYARD_UPDATE=1` it writes the table in
 * docs/failures.md, otherwise it compares its results with that table. An ordinary run tests a sample, a soak all cases.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../console/home-paths.ts';
import { SOAK, sample } from '../harness/soak.ts';
import { allCells, type Cell } from './failures/cells.ts';
import { runCells } from './failures/run-cells.ts';
import { errorIn, type Row, rowOf, rowsIn, type Seen, tableOf } from './failures/failure-table.ts';

const UPDATE = process.env.SWITCHYARD_UPDATE === '1';
const DOCS = join(ROOT, 'docs/failures.md');
const START = '<!-- The table: written by test/e2e/failures.test.ts -->';
/** The request itself is invalid: nothing else is called, and there is no cooldown. */
const INVALID_REQUESTS = /^(400|413|422|openrouter-moderation)$/;

const all = allCells();
const cells = SOAK || UPDATE ? all : sample(all, 24);
let seen: Record<string, Seen>;

beforeAll(async () => {
  seen = await runCells(cells);
}, 1_800_000);

test('every case has the result in the table', async () => {
  const rows = new Map<string, Row>(cells.map((cell) => [cell.id, rowOf(cell, seenOf(cell))]));
  const docs = await readFile(DOCS, 'utf8');
  const at = docs.indexOf(START) + START.length;
  if (UPDATE) return writeFile(DOCS, `${docs.slice(0, at)}\n\n${tableOf(all, rows)}`);
  const written = rowsIn(all, docs.slice(at));
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(cells.map(({ id }) => [id, written.get(id)])));
});

test('each of two replicas has that result, whatever the other one has in cooldown', () => {
  for (const cell of cells) {
    const { peer, peerCooldowns } = seenOf(cell);
    const row = rowOf(cell, { first: peer, cooldowns: peerCooldowns });
    expect([cell.id, row]).toEqual([cell.id, rowOf(cell, seenOf(cell))]);
  }
});

test('only deployments in cooldown are skipped, and all are called again afterwards', () => {
  for (const cell of cells) {
    const { cooldowns, skipped, late } = seenOf(cell);
    const reachable = cell.outcome.effect !== 'refuse';
    if (!late && reachable) expect([cell.id, skipped]).toEqual([cell.id, cooldowns.length > 0]);
  }
  expect(cells.filter((cell) => !seenOf(cell).recovered).map(({ id }) => id)).toEqual([]);
});

test("an invalid request gets the provider's error at once", () => {
  for (const cell of cells.filter(({ outcome }) => INVALID_REQUESTS.test(outcome.id))) {
    const { first, cooldowns } = seenOf(cell);
    expect([cell.id, first.status, first.called, cooldowns]).toEqual([
      cell.id,
      cell.outcome.answer?.status,
      ['first key'],
      [],
    ]);
    expect(errorIn(first.body)).toBe(
      errorIn(JSON.stringify(cell.outcome.answer?.[cell.api === 'messages' ? 'anthropic' : 'openai'])),
    );
  }
});

test("errors have the format of the client's API, an id that is also in the log, and none of LiteLLM's names", () => {
  for (const cell of cells) {
    const { first, log } = seenOf(cell);
    const { status, body, headers } = first;
    if (status < 400) continue;
    const id = headers['x-request-id'] ?? 'none';
    expect([cell.id, log.some((line) => line.includes(`request ${id}:`))]).toEqual([cell.id, true]);
    expect([cell.id, JSON.parse(body)]).toEqual([cell.id, formatOf(cell, id)]);
    expect([cell.id, body]).toEqual([
      cell.id,
      expect.not.stringMatching(/litellm|Exception - |fallback|127\.0\.0\.1/i),
    ]);
  }
});

function formatOf({ api }: Cell, id: string): object {
  const text = expect.any(String) as string;
  if (api === 'messages') return { type: 'error', error: { type: text, message: text }, request_id: id };
  return { error: expect.objectContaining({ message: text, type: text, request_id: id }) as object };
}

function seenOf({ id }: Cell): Seen {
  const found = seen[id];
  if (found === undefined) throw new Error(`the case "${id}" was not run`);
  return found;
}
