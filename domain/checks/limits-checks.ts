/** Checks budgets beyond their schema: names, windows, the time zone, and whether what is under a budget has a price. */
import { type LitellmFacts, litellmFacts, modelPrice } from '../facts/litellm-facts.ts';
import { GATEWAY } from '../plan/lanes.ts';
import type { Problem } from '../diagnostics/problems.ts';
import { didYouMean, listNames } from '../diagnostics/suggest.ts';
import type { Path } from '../diagnostics/yaml-path.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import { type Budget, budgetList } from '../schema/limits-schema.ts';
import { keyNamesOf, NO_KEY } from '../schema/provider-key-names.ts';
import type { Settings } from '../schema/settings-schema.ts';

type Wrong = (path: Path, message: string, more?: Partial<Problem>) => void;

/**
 * Reports all problems of a stack's budgets.
 *
 * @param keyNames the provider keys that are set: a model that is not served needs no warning.
 */
export function checkLimits(
  settings: Settings,
  wrong: Wrong,
  { catalog, keyNames }: { catalog?: Catalog | undefined; keyNames: readonly string[] },
  facts: LitellmFacts = litellmFacts,
): void {
  checkTimeZone(settings.budgets.timeZone, wrong);
  checkWindows(settings, wrong);
  if (catalog === undefined) return;
  checkNames(settings, catalog, wrong);
  checkPrices(settings, { catalog, keyNames, facts }, wrong);
  checkPortkey(settings, wrong);
}

/** A name as the gateways' Python writes it too: it distinguishes capital letters, Intl does not. */
const ZONE_NAME = /^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/;

function checkTimeZone(zone: string, wrong: Wrong): void {
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  if (known.includes(zone) || (ZONE_NAME.test(zone) && isZone(zone))) return;
  const hint = didYouMean(zone, known) || ';';
  wrong(
    ['budgets', 'timeZone'],
    `no such time zone: "${zone}"${hint} allowed: UTC, and names like Europe/Berlin`,
  );
}

function isZone(timeZone: string): boolean {
  try {
    // The list has one name of each zone; this knows its other names too.
    return Boolean(new Intl.DateTimeFormat('en', { timeZone }));
  } catch {
    return false;
  }
}

/** Every setting that holds budgets. */
function budgetsOf({ keys, budgets }: Settings): { path: Path; list: Budget[] }[] {
  const under = (path: Path, named: Readonly<Record<string, Budget | Budget[]>>) =>
    Object.entries(named).map(([name, own]) => ({ path: [...path, name], list: budgetList(own) }));
  return [
    ...Object.entries(keys).map(([key, { budget }]) => ({
      path: ['keys', key, 'budget'],
      list: budgetList(budget),
    })),
    { path: ['budgets', 'stack'], list: budgetList(budgets.stack) },
    ...under(['budgets', 'lanes'], budgets.lanes),
    ...under(['budgets', 'providers'], budgets.providers),
  ];
}

function checkWindows(settings: Settings, wrong: Wrong): void {
  for (const { path, list } of budgetsOf(settings)) {
    const seen = new Set<string>();
    list.forEach(({ window }, index) => {
      if (seen.has(window))
        wrong([...path, index, 'window'], `there is a budget for each ${window} already: keep one of them`);
      seen.add(window);
    });
  }
}

function lanesOfGateway(catalog: Catalog): Record<string, string> {
  const lanes = Object.entries(catalog.client?.lanes ?? {});
  return Object.fromEntries(
    lanes.filter(([, { provider }]) => provider === GATEWAY).map(([lane, { model }]) => [lane, model]),
  );
}

function providersOfGateway({ providers }: Catalog): string[] {
  return Object.keys(providers).filter((id) => providers[id]?.litellm !== undefined);
}

function checkNames({ budgets }: Settings, catalog: Catalog, wrong: Wrong): void {
  const check = (part: 'lanes' | 'providers', what: string, allowed: readonly string[]) => {
    for (const name of Object.keys(budgets[part]).filter((one) => !allowed.includes(one))) {
      const hint = didYouMean(name, allowed) || ';';
      wrong(['budgets', part, name], `no such ${what}: "${name}"${hint} allowed: ${listNames(allowed)}`);
    }
  };
  check('lanes', 'lane of the gateway', Object.keys(lanesOfGateway(catalog)));
  check('providers', 'provider of the gateway', providersOfGateway(catalog));
}

/**
 * The gateway refuses a model without a price under a budget. For a model that a key or a lane names that is an error; where a budget is for
 * all models, a warning.
 */
function checkPrices(
  settings: Settings,
  { catalog, keyNames, facts }: { catalog: Catalog; keyNames: readonly string[]; facts: LitellmFacts },
  wrong: Wrong,
): void {
  const unpriced = Object.entries(catalog.models)
    .filter(([, model]) => modelPrice(catalog, model, facts) === undefined)
    .map(([alias]) => alias);
  const lanes = lanesOfGateway(catalog);
  const named = (path: Path, alias: string | undefined, who: string) => {
    if (alias === undefined || !unpriced.includes(alias)) return;
    const fix = `give it one in config-templates/catalog.yaml: models.${alias}.cost`;
    wrong(path, `${alias} has no price, and ${who} with a budget may use models with a price only`, { fix });
  };
  const isServed = (alias: string): boolean => {
    const key = catalog.providers[catalog.models[alias]?.provider ?? '']?.key;
    return key === NO_KEY || (key !== undefined && keyNamesOf(key).some((one) => keyNames.includes(one)));
  };
  const all = (path: Path, given: readonly string[]) => {
    const aliases = given.filter(isServed);
    if (aliases.length === 0) return;
    const message = `under this budget the gateway refuses the models without a price: ${listNames(aliases)}`;
    const fix = 'give them one in config-templates/catalog.yaml: models.<alias>.cost';
    wrong(path, message, { severity: 'warning', fix });
  };
  for (const [key, { budget, models, lanes: own }] of Object.entries(settings.keys)) {
    if (budget === undefined) continue;
    models?.forEach((alias, index) => named(['keys', key, 'models', index], alias, 'a key'));
    own?.forEach((lane, index) => named(['keys', key, 'lanes', index], lanes[lane], 'a key'));
    if (models === undefined && own === undefined) all(['keys', key, 'budget'], unpriced);
  }
  const { budgets } = settings;
  for (const lane of Object.keys(budgets.lanes)) named(['budgets', 'lanes', lane], lanes[lane], 'a lane');
  for (const id of Object.keys(budgets.providers))
    all(
      ['budgets', 'providers', id],
      unpriced.filter((alias) => catalog.models[alias]?.provider === id),
    );
  if (budgets.stack !== undefined) all(['budgets', 'stack'], unpriced);
}

function checkPortkey({ budgets, portkey }: Settings, wrong: Wrong): void {
  if (portkey.mode !== 'local') return;
  const first = (['stack', 'lanes', 'providers'] as const).find((part) =>
    part === 'stack' ? budgets.stack !== undefined : Object.keys(budgets[part]).length > 0,
  );
  if (first === undefined) return;
  const message =
    "requests to the stack's own Portkey do not count: only the gateways have a ledger; keys with limits are not accepted there";
  wrong(['budgets', first], message, { severity: 'warning' });
}
