/** Converts the results of the cases into the table in docs/failures.md, and back. */
import type { Cell } from './cells.ts';

/** One response of the gateway, as run_cells.py received it. */
interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** What was called for it: `first key`, `second key` or `fallback`. */
  called: string[];
}

/** The result of a case in run_cells.py. */
export interface Seen {
  /** The response while the first key fails. */
  first: Answer;
  /** That of the other gateway a moment before, and its cooldowns. */
  peer: Answer;
  peerCooldowns: number[];
  /** The response immediately afterwards, when nothing fails any more. */
  second: Answer;
  /** The gateway's log lines about the first request. */
  log: string[];
  /** The cooldowns of deployments, in seconds. */
  cooldowns: number[];
  /** Whether the second request skipped the first key; `late` if it may have come after the cooldown. */
  skipped: boolean;
  late: boolean;
  /** Whether the first key was called again in the end. */
  recovered: boolean;
}

/** A case's cells in the table. */
export type Row = [client: string, called: string, cooldown: string, delay: string];

/** The row of a case. */
export function rowOf(cell: Cell, { first, cooldowns }: Pick<Seen, 'first' | 'cooldowns'>): Row {
  const delay = [
    ...(cell.outcome.effect === 'hang' ? ['its timeout'] : []),
    ...(first.called.filter((who) => who === 'first key').length > 1 ? ['0.25 s before the retry'] : []),
  ];
  return [
    clientOf(cell, first),
    first.called.join(', ') || 'none reachable',
    [...new Set(cooldowns)].map((seconds) => `${seconds} s`).join(', ') || 'none',
    delay.join(', ') || '-',
  ];
}

function clientOf(cell: Cell, { status, body, headers, called }: Answer): string {
  const message = errorIn(body);
  const retryAfter = headers['retry-after'] === undefined ? '' : `, retry-after ${headers['retry-after']}`;
  if (status >= 400) return `${status}: ${abbreviated(cell, message ?? '')}${retryAfter}`;
  if (message !== undefined) return `${status}, then an error: ${abbreviated(cell, message)}`;
  const empty = !/Hello|one|embedding/.test(body);
  return empty ? `${status}, empty` : `${status}, answered by ${called.at(-1) ?? 'nothing'}`;
}

/** Abbreviates the provider's own message; other messages stay unchanged. */
function abbreviated({ outcome, api }: Cell, text: string): string {
  const body = outcome.answer?.[api === 'messages' || outcome.only === 'anthropic' ? 'anthropic' : 'openai'];
  const own = typeof body === 'object' ? messageOf(body) : undefined;
  const provider = own === undefined ? "The provider's message: overloaded in the middle." : own;
  return text.replace(provider, "the provider's message");
}

/** The message of an error in a body, or in a stream of events. */
export function errorIn(body: string): string | undefined {
  const texts = body.startsWith('{')
    ? [body]
    : body.split('\n').flatMap((line) => /^data: (\{.*)/.exec(line)?.[1] ?? []);
  for (const text of texts) {
    const data = JSON.parse(text) as Record<string, unknown>;
    const holder = data.type === 'response.failed' ? (data.response as Record<string, unknown>) : data;
    if (typeof holder.error === 'object' && holder.error !== null) return messageOf(holder);
    if (data.type === 'error') return messageOf(data);
  }
  return undefined;
}

function messageOf(body: object): string | undefined {
  const { error } = body as { error?: { message?: string } };
  return error?.message ?? (body as { message?: string }).message;
}

const HEAD = '| what the provider does | alias | API | the client gets | called | cooldown | delay |';

/** The table of these rows, in the order of the cases. Cases that were not run are marked. APIs with the same result share a row. */
export function tableOf(cells: readonly Cell[], rows: ReadonlyMap<string, Row>): string {
  const groups = Map.groupBy(cells, ({ outcome, kind }) => `${outcome.title} | ${kind}`);
  const lines = [...groups].flatMap(([name, members]) => {
    const byRow = Map.groupBy(members, ({ id }) => (rows.get(id) ?? ['not run', '', '', '']).join(' | '));
    return [...byRow].map(([row, same]) => {
      const apis = same.length === members.length && same.length > 1 ? 'all' : same.map(apiOf).join(', ');
      return `| ${name} | ${apis} | ${row} |`;
    });
  });
  return [HEAD, '|---|---|---|---|---|---|---|', ...lines, ''].join('\n');
}

/** The rows of a table, by case. */
export function rowsIn(cells: readonly Cell[], markdown: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const line of markdown.split('\n')) {
    const [title, kind, apis, client = '', called = '', cooldown = '', delay = ''] = line
      .split(' | ')
      .map(trimmed);
    for (const cell of cells)
      if (cell.outcome.title === title && cell.kind === kind && client !== 'not run')
        if (apis === 'all' || apis?.split(', ').includes(apiOf(cell)))
          rows.set(cell.id, [client, called, cooldown, delay]);
  }
  return rows;
}

function trimmed(text: string): string {
  return text.replace(/^\| | \|$/g, '').trim();
}

function apiOf({ api, stream }: Cell): string {
  return stream ? `${api} stream` : api;
}
