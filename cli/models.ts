/** `./switchyard models`: the catalogue as a table, and a check for retired and unknown models. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { type ModelState, modelState, type StackModels } from '../domain/plan/model-state.ts';
import { litellmFacts, priceMapEntry } from '../domain/facts/litellm-facts.ts';
import { checkRetirements, retirements, WARN_DAYS } from '../domain/checks/retirements.ts';
import { formatProblem, hasErrors } from '../domain/diagnostics/problems.ts';
import { type Catalog, MOCK_ALIAS } from '../domain/schema/catalog-schema.ts';
import { checkPriceMap } from '../domain/checks/price-map.ts';
import type { UnavailableModel } from '../domain/plan/plan-types.ts';
import { requireCatalog } from '../stacks/load.ts';
import { UserError } from '../console/errors.ts';
import { type Output, withOutput } from '../console/output.ts';
import { backendFolder } from '../engine/passphrase.ts';
import { requireDeclaredStack } from '../engine/stack-name.ts';
import { stacksInFolder } from '../engine/state-file.ts';
import { stackInputs } from '../engine/stack-settings.ts';
import { stackOutputs } from '../engine/stack-state.ts';
import { fitsAsTable, table } from '../console/table.ts';
import { dayOf, parseToday } from '../console/time-options.ts';
import { columns, nameList, wrap } from '../console/wrap.ts';

/** An alias, as `--json` prints it. */
export interface ModelRow {
  alias: string;
  provider: string;
  /** The provider's own id of the model. */
  upstream: string;
  /** Tokens; null if unknown. */
  context: number | null;
  /** US dollars per million tokens; null if unknown. */
  priceIn: number | null;
  priceOut: number | null;
  /** The day of its retirement: YYYY-MM-DD; null if unknown. */
  retires: string | null;
  daysLeft: number | null;
  /** The fallbacks, in order. */
  chain: string[];
  /** Whether the stack has a key for it. */
  hasKey: boolean;
  /** Whether the deployed stack serves it. */
  served: boolean;
  /** Both in one word. */
  state: ModelState;
}

interface ModelsOptions {
  check?: boolean;
  today?: string;
}

/** Adds `models` to the command line. */
export function register(program: Command): void {
  program
    .command('models')
    .description('list the catalogue as a table: alias, upstream, prices, retirement, chain')
    .argument('[stack]', 'the stack whose keys and deployment decide what is shown as served', 'dev')
    .argument('[alias]', 'show only this model, with everything that is known of it')
    .option('--check', `fail on retired and unknown models, warn ${WARN_DAYS} days before a retirement`)
    .option('--today <day>', 'use this day instead of today: YYYY-MM-DD')
    .action(withOutput(models));
}

async function models(
  out: Output,
  stack: string,
  alias: string | undefined,
  options: ModelsOptions,
): Promise<void> {
  await requireDeclaredStack(stack);
  const today = dayOf(parseToday(options.today));
  const { catalog, source, problems } = requireCatalog();
  requireAlias(catalog, source.file, alias);
  const plan = stackInputs(stack).inputs?.plan;
  const withKey = new Set(plan?.served.map((model) => model.alias));
  const all = modelRows(catalog, today, { withKey, deployed: await deployedModels(out, stack) });
  const rows = all.filter((row) => alias === undefined || row.alias === alias);
  const found = options.check
    ? [...problems, ...checkPriceMap(catalog, source), ...checkRetirements(catalog, source, today)]
    : [];
  for (const problem of found) out.progress(formatProblem(problem));
  if (hasErrors(found)) process.exitCode = 1;
  out.result(
    { stack, today, models: rows, ...(options.check ? { problems: found } : {}) },
    alias === undefined
      ? modelsText(stack, rows)
      : rows.map((row) => oneModelText(stack, row, plan?.unavailable)).join('\n'),
  );
}

function requireAlias(catalog: Catalog, file: string, alias: string | undefined): void {
  if (alias === undefined || Object.hasOwn(catalog.models, alias)) return;
  throw new UserError('the catalogue has no such model', {
    where: file,
    found: alias,
    allowed: Object.keys(catalog.models),
  });
}

/** The aliases that the last `up` deployed; empty if nothing is deployed, or if the backend cannot be queried. */
async function deployedModels(out: Output, stack: string): Promise<ReadonlySet<string>> {
  // Query only an existing stack: listing models must not install or create anything.
  if (backendFolder() !== undefined && !stacksInFolder().includes(stack)) return new Set();
  try {
    const { models: aliases } = await out.step(`reading what ${stack} serves`, () => stackOutputs(stack));
    return new Set(Array.isArray(aliases) ? aliases.map(String) : []);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    out.warn(`cannot read what ${stack} serves: ${error.message}`);
    return new Set();
  }
}

/**
 * The catalogue's aliases in its order, and the mock model where the stack has it.
 */
export function modelRows(catalog: Catalog, today: string, of: StackModels): ModelRow[] {
  const lives = new Map(retirements(catalog, today).map((life) => [life.alias, life]));
  const rows = Object.entries(catalog.models).map(([alias, model]): ModelRow => {
    const known = priceMapEntry(catalog, model, litellmFacts);
    return {
      alias,
      provider: model.provider,
      upstream: model.model,
      context: model.limit?.context ?? known?.maxInputTokens ?? null,
      priceIn: model.cost?.input ?? known?.input ?? null,
      priceOut: model.cost?.output ?? known?.output ?? null,
      retires: lives.get(alias)?.retires ?? null,
      daysLeft: lives.get(alias)?.daysLeft ?? null,
      chain: catalog.fallbacks[alias] ?? [],
      hasKey: of.withKey.has(alias),
      served: of.deployed.has(alias),
      state: modelState(alias, of),
    };
  });
  return [...rows, ...mockRows(of)];
}

/** The row of the mock model, which is in no catalogue; none if the stack neither has nor serves it. */
function mockRows(of: StackModels): ModelRow[] {
  const [hasKey, served] = [of.withKey, of.deployed].map((aliases) => aliases.has(MOCK_ALIAS)) as [
    boolean,
    boolean,
  ];
  if (!hasKey && !served) return [];
  const unknown = { context: null, retires: null, daysLeft: null };
  const free = { priceIn: 0, priceOut: 0, chain: [] };
  const names = { alias: MOCK_ALIAS, provider: MOCK_ALIAS, upstream: MOCK_ALIAS };
  return [{ ...names, ...unknown, ...free, hasKey, served, state: modelState(MOCK_ALIAS, of) }];
}

/** The columns of the list. */
function cellsOf(stack: string, row: ModelRow): Record<string, string> {
  return {
    alias: row.alias,
    upstream: row.upstream,
    provider: row.provider,
    context: row.context === null ? '-' : tokens(row.context),
    '$/M in': row.priceIn?.toString() ?? '-',
    '$/M out': row.priceOut?.toString() ?? '-',
    retires: row.retires ?? '-',
    days: days(row.daysLeft),
    [stack]: row.state,
    'falls back to': row.chain.join(', ') || '-',
  };
}

/**
 * The list as text: a table with as many columns as fit, the most important ones first; blocks only where no table fits.
 *
 * @param width the available columns.
 */
export function modelsText(stack: string, rows: readonly ModelRow[], width = columns()): string {
  const cells = rows.map((row) => cellsOf(stack, row));
  const all = Object.keys(cells[0] ?? {});
  const short = [
    ['alias', 'upstream', stack, 'falls back to'],
    ['alias', 'upstream', stack],
    ['alias', stack, 'falls back to'],
    ['alias', stack],
  ];
  const under = (head: readonly string[]): string[][] =>
    cells.map((row) => head.map((name) => row[name] ?? ''));
  const head = [all, ...short].find((one) => fitsAsTable(one, under(one), width)) ?? ['alias', stack];
  const text = table(head, under(head), undefined, width);
  if (head === all) return text;
  return [text, ...wrap(`all about one, or as JSON: ./switchyard models ${stack} ALIAS, --json`, width)].join(
    '\n',
  );
}

/** Everything about one model, and the command that makes it available if it is not. */
function oneModelText(stack: string, row: ModelRow, unavailable: readonly UnavailableModel[] = []): string {
  const { alias, ...others } = cellsOf(stack, row);
  const missing = unavailable.find(({ model }) => model === row.alias);
  const rows = Object.entries(others).filter(([, cell]) => cell !== '-');
  if (missing !== undefined) rows.push(['missing', `${missing.reason}; ${missing.command}`]);
  return `${alias}\n${nameList(rows)}`;
}

function days(left: number | null): string {
  if (left === null) return '-';
  if (left <= 0) return pc.red(String(left));
  return left <= WARN_DAYS ? pc.yellow(String(left)) : String(left);
}

/** `128k`, `1.05M` */
function tokens(count: number): string {
  if (count >= 1_000_000) return `${Number((count / 1_000_000).toFixed(2))}M`;
  return count >= 1000 ? `${Math.round(count / 1000)}k` : String(count);
}
