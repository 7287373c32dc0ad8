/** Compares the ledger with what clients sent and what providers served, request by request and call by call. Pure. */
import { differencesOf, type Row, type Served } from './expected-attempt.ts';
import { callCost, priceOf, pricesAt } from './expected-cost.ts';

/** A request as a client sent it, and what it got. */
export interface Sent {
  /** What the providers have of it. A request that is sent again, for the cache, has the same. */
  ref: string;
  /** Its `x-request-id`, which no other request has. */
  id: string;
  /** The name of the client's key, the alias that it asked for, and the route as the ledger names it. */
  key: string;
  alias: string;
  route: string;
  /** The status that the client saw. */
  status: number;
  /** Whether it hung up in the middle of the answer. */
  hungUp: boolean;
  cacheHit: boolean;
  /** Whether the client was told the usage, so that what the cache saved is known. */
  toldUsage: boolean;
  /** Whether its row may be missing, because a gateway was killed. */
  mayBeMissing: boolean;
}

/** All rows of a time. */
export interface Ledger {
  requests: readonly Row[];
  attempts: readonly Row[];
}

/** Every difference, in words; empty if the ledger is right. */
export function compareLedger(sent: readonly Sent[], served: readonly Served[], ledger: Ledger): string[] {
  const byClientId = Map.groupBy(ledger.requests, (row) => String(row.x_request_id));
  const byRequest = Map.groupBy(ledger.attempts, (row) => String(row.request_id));
  const servedByRef = Map.groupBy(served, ({ ref }) => ref);
  const known = new Set(sent.map(({ id }) => id));
  const taken = new Set(ledger.requests.map((row) => String(row.request_id)));
  // A gateway that was killed may have written the calls of a request, and not the request.
  const orphans = ledger.attempts.filter((row) => !taken.has(String(row.request_id)));
  const found = ledger.requests
    .filter((row) => !known.has(String(row.x_request_id)))
    .map((row) => `request ${row.x_request_id}: nobody sent it`);
  for (const [ref, requests] of Map.groupBy(sent, (one) => one.ref)) {
    const calls = servedByRef.get(ref) ?? [];
    const rows = requests.flatMap((one) => byClientId.get(one.id) ?? []);
    for (const one of requests) found.push(...requestDifferences(one, byClientId.get(one.id) ?? [], calls));
    const own = rows.flatMap((row) => byRequest.get(String(row.request_id)) ?? []);
    for (const row of rows) {
      const count = byRequest.get(String(row.request_id))?.length ?? 0;
      if (count !== row.attempts)
        found.push(`request ${row.x_request_id}: its row says ${row.attempts} attempts, ${count} are there`);
    }
    found.push(...attemptDifferences(ref, requests[0]!, calls, own, orphans));
  }
  const refs = new Set(sent.map(({ ref }) => ref));
  const unknown = served.filter(({ ref }) => !refs.has(ref));
  found.push(...unknown.map(({ ref }) => `call ${ref}: nobody sent its request`));
  return [...found, ...orphans.map((row) => `an attempt of no request: ${described(row)}`)];
}

function requestDifferences(sent: Sent, rows: readonly Row[], calls: readonly Served[]): string[] {
  const [row] = rows;
  if (row === undefined) return sent.mayBeMissing ? [] : [`request ${sent.id}: its row is missing`];
  const expected: Record<string, string | number> = {
    key_alias: sent.key,
    // A request whose body was not read, or not accepted, has none.
    model_alias: row.model_alias === '' && row.attempts === 0 && sent.status >= 400 ? '' : sent.alias,
    route: sent.route,
    cache_hit: sent.cacheHit ? 'exact' : 'no',
  };
  if (!sent.mayBeMissing) expected.http_status = sent.status;
  if (sent.hungUp) expected.status = 'cancelled';
  else if (sent.status >= 400) expected.status = 'error';
  if (!sent.cacheHit) expected.saved_nano_usd = 0;
  else if (sent.toldUsage) {
    // The format of messages has no field for a cost.
    const cost = sent.route === 'messages' ? priceOf : callCost;
    const ended = Number(row.completed_at_us) / 1e6;
    const costs = calls.flatMap(({ usage, prices }) => (usage ? [cost(usage, pricesAt(prices, ended))] : []));
    expected.saved_nano_usd = costs.find((cost) => cost === row.saved_nano_usd) ?? costs[0] ?? 0;
  }
  return [
    // The edge gives a request whose gateway was killed to another one.
    ...(rows.length > 1 && !sent.mayBeMissing ? [`request ${sent.id}: ${rows.length} rows`] : []),
    ...Object.entries(expected)
      .filter(([name, value]) => row[name] !== value)
      .map(([name, value]) => `request ${sent.id}: ${name} is ${row[name]} instead of ${value}`),
  ];
}

/** Gives each served call a row of its own. Takes those that it uses from `orphans`. */
function attemptDifferences(
  ref: string,
  sent: Sent,
  served: readonly Served[],
  rows: readonly Row[],
  orphans: Row[],
): string[] {
  const left = [...rows];
  const found: string[] = [];
  const about = (row: Row) =>
    row.key_alias === sent.key && row.model_alias === sent.alias && row.route === sent.route;
  const take = (from: Row[], one: Served) => {
    const at = from.findIndex((row) => about(row) && differencesOf(row, one).length === 0);
    return at >= 0 && from.splice(at, 1).length > 0;
  };
  // A gateway that was killed can have lost the row of a call that the next one made again, alike: those that must be there first.
  const unmatched = served
    .toSorted((a, b) => Number(a.mayBeMissing) - Number(b.mayBeMissing))
    .filter((one) => !take(left, one));
  for (const one of unmatched) {
    if (one.mayBeMissing && (take(orphans, one) || left.length === 0)) continue;
    const row = left.shift();
    const why =
      row === undefined
        ? `its row is missing: ${rows.length} of ${served.length} calls are there`
        : differencesOf(row, one).join(', ') || 'another client';
    found.push(`call ${ref} of ${one.provider} (${one.answer}): ${why}`);
  }
  return [...found, ...left.map((row) => `call ${ref}: a row too many: ${described(row)}`)];
}

function described(row: Row): string {
  const names = ['gen_ai_provider_name', 'status', 'http_status', 'gen_ai_response_id', 'cost_nano_usd'];
  return names.map((name) => `${name} ${row[name]}`).join(', ');
}
