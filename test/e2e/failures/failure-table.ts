/** docs/failures.md: what each cell saw, as rows of a table, and back. */
import type { Cell } from './cells.ts';

/** One answer of the gateway, as run_cells.py saw it. */
interface Answer {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** Who was asked for it: the first deployment, the second key, the hop. */
  asked: string[];
}

/** What run_cells.py saw of a cell. */
export interface Seen {
  /** While the first deployment failed. */
  first: Answer;
  /** At once after it, when all was well again. */
  second: Answer;
  /** The gateway's log lines about the first request. */
  log: string[];
  /** For how many seconds deployments were left alone. */
  rests: number[];
  /** Whether the second request went past the first deployment; `late` where it may have come after the rest. */
  passedOver: boolean;
  late: boolean;
  /** Whether the first deployment was asked again in the end. */
  back: boolean;
}

/** What the table says of a cell. */
export type Row = [client: string, asked: string, rests: string, waits: string];

/** The row of a cell. */
export function rowOf(cell: Cell, { first, rests }: Seen): Row {
  const waits = [
    ...(cell.outcome.effect === 'hang' ? ['until its timeout'] : []),
    ...(first.asked.filter((who) => who === 'first').length > 1 ? ['a pause of 0.25 s'] : []),
  ];
  return [
    clientOf(cell, first),
    first.asked.join(', ') || 'nobody that listens',
    [...new Set(rests)].map((seconds) => `${seconds} s`).join(', ') || 'nobody',
    waits.join(', ') || '-',
  ];
}

function clientOf(cell: Cell, { status, body, headers, asked }: Answer): string {
  const said = errorIn(body);
  const after = headers['retry-after'] === undefined ? '' : `, retry-after ${headers['retry-after']}`;
  if (status >= 400) return `${status}: ${words(cell, said ?? '')}${after}`;
  if (said !== undefined) return `${status}, then an error: ${words(cell, said)}`;
  const empty = !/Hello|one|embedding/.test(body);
  return empty ? `${status}, empty` : `${status}, answered by ${asked.at(-1) ?? 'nobody'}`;
}

/** The provider's words by that name; others as they are. */
function words({ outcome, api }: Cell, text: string): string {
  const body = outcome.answer?.[api === 'messages' || outcome.only === 'anthropic' ? 'anthropic' : 'openai'];
  const own = typeof body === 'object' ? messageOf(body) : undefined;
  const provider = own === undefined ? "The provider's words: overloaded in the middle." : own;
  return text.replace(provider, "the provider's words");
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

const HEAD = '| what the provider does | alias | API | the client gets | asked | rests | waits |';

/** The table of these rows, in the order of the cells. Cells that were not run say so. APIs with the same row share it. */
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

/** The rows that a table says, by cell. */
export function rowsIn(cells: readonly Cell[], markdown: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const line of markdown.split('\n')) {
    const [title, kind, apis, client = '', asked = '', rests = '', waits = ''] = line
      .split(' | ')
      .map(trimmed);
    for (const cell of cells)
      if (cell.outcome.title === title && cell.kind === kind && client !== 'not run')
        if (apis === 'all' || apis?.split(', ').includes(apiOf(cell)))
          rows.set(cell.id, [client, asked, rests, waits]);
  }
  return rows;
}

function trimmed(text: string): string {
  return text.replace(/^\| | \|$/g, '').trim();
}

function apiOf({ api, stream }: Cell): string {
  return stream ? `${api} stream` : api;
}
