/**
 * What follows when a provider fails, cell by cell, against the real gateway: docs/failures.md is written by this test
 * (`SWITCHYARD_UPDATE=1`), and held by it otherwise. A sample in an ordinary run, every cell in a soak.
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
/** Refused by its meaning: nobody else is asked, nobody rests. */
const REQUESTS = /^(400|413|422|openrouter-moderation)$/;

const all = allCells();
const cells = SOAK || UPDATE ? all : sample(all, 24);
let seen: Record<string, Seen>;

beforeAll(async () => {
  seen = await runCells(cells);
}, 1_800_000);

test('every cell is as the table says', async () => {
  const rows = new Map<string, Row>(cells.map((cell) => [cell.id, rowOf(cell, seenOf(cell))]));
  const docs = await readFile(DOCS, 'utf8');
  const at = docs.indexOf(START) + START.length;
  if (UPDATE) return writeFile(DOCS, `${docs.slice(0, at)}\n\n${tableOf(all, rows)}`);
  const written = rowsIn(all, docs.slice(at));
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(cells.map(({ id }) => [id, written.get(id)])));
});

test('who rests is passed over, nobody else is, and in the end all are asked again', () => {
  for (const cell of cells) {
    const { rests, passedOver, late } = seenOf(cell);
    const listens = cell.outcome.effect !== 'refuse';
    if (!late && listens) expect([cell.id, passedOver]).toEqual([cell.id, rests.length > 0]);
  }
  expect(cells.filter((cell) => !seenOf(cell).back).map(({ id }) => id)).toEqual([]);
});

test("the request's own fault goes back at once, as the provider said it", () => {
  for (const cell of cells.filter(({ outcome }) => REQUESTS.test(outcome.id))) {
    const { first, rests } = seenOf(cell);
    expect([cell.id, first.status, first.asked, rests]).toEqual([
      cell.id,
      cell.outcome.answer?.status,
      ['first'],
      [],
    ]);
    expect(errorIn(first.body)).toBe(
      errorIn(JSON.stringify(cell.outcome.answer?.[cell.api === 'messages' ? 'anthropic' : 'openai'])),
    );
  }
});

test("errors have the shape of the caller's API, an id that stands in the log, and no name of LiteLLM's", () => {
  for (const cell of cells) {
    const { first, log } = seenOf(cell);
    const { status, body, headers } = first;
    if (status < 400) continue;
    const id = headers['x-request-id'] ?? 'none';
    expect([cell.id, log.some((line) => line.includes(`request ${id}:`))]).toEqual([cell.id, true]);
    expect([cell.id, JSON.parse(body)]).toEqual([cell.id, shapeOf(cell, id)]);
    expect([cell.id, body]).toEqual([
      cell.id,
      expect.not.stringMatching(/litellm|Exception - |fallback|127\.0\.0\.1/i),
    ]);
  }
});

function shapeOf({ api }: Cell, id: string): object {
  const text = expect.any(String) as string;
  if (api === 'messages') return { type: 'error', error: { type: text, message: text }, request_id: id };
  return { error: expect.objectContaining({ message: text, type: text, request_id: id }) as object };
}

function seenOf({ id }: Cell): Seen {
  const found = seen[id];
  if (found === undefined) throw new Error(`the cell "${id}" was not run`);
  return found;
}
