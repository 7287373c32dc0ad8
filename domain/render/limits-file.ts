/** Renders the file by which gateways know budgets and rate limits. Pure. */
import { type Budget, budgetList, nanoUsd, type Window, WINDOWS } from '../schema/limits-schema.ts';
import type { Settings } from '../schema/settings-schema.ts';

/** A budget as the gateways' programs read it. */
interface FileBudget {
  scope: 'key' | 'lane' | 'provider' | 'stack';
  /** The alias, lane or provider; empty for the stack. */
  name: string;
  nanoUsd: number;
  window: Window;
}

/** The content of limits.json. */
export interface Limits {
  timeZone: string;
  onFailure: 'refuse' | 'allow';
  /** Sorted by scope, name and window. */
  budgets: FileBudget[];
  /** By the keys' aliases. */
  rates: Record<string, Partial<Record<(typeof RATES)[number], number>>>;
  /** The catalogue's provider of each served alias, which LiteLLM does not know; empty if no provider has a budget. */
  providers: Record<string, string>;
}

const RATES = ['requestsPerMinute', 'tokensPerMinute', 'parallelRequests'] as const;

/**
 * The content of limits.json: the same for the same limits, in whatever order the settings have them.
 *
 * @param served the served aliases.
 * @returns undefined if nothing is limited.
 */
export function limitsFile(
  { keys, budgets }: Settings,
  served: readonly { alias: string; provider: string }[],
): Limits | undefined {
  const { timeZone, onFailure } = budgets;
  const all: FileBudget[] = [
    ...Object.entries(keys).flatMap(([alias, { budget }]) => entries('key', alias, budget)),
    ...Object.entries(budgets.lanes).flatMap(([lane, own]) => entries('lane', lane, own)),
    ...Object.entries(budgets.providers).flatMap(([id, own]) => entries('provider', id, own)),
    ...entries('stack', '', budgets.stack),
  ];
  const rates = Object.entries(keys).flatMap(([alias, key]) => {
    const given = RATES.filter((name) => key[name] !== undefined).map((name) => [name, key[name]!] as const);
    return given.length === 0 ? [] : [[alias, Object.fromEntries(given)] as const];
  });
  if (all.length + rates.length === 0) return undefined;
  const needsProviders = all.some(({ scope }) => scope === 'provider');
  return {
    timeZone,
    onFailure,
    budgets: all.sort(byScopeNameWindow),
    rates: sorted(rates),
    providers: sorted(needsProviders ? served.map(({ alias, provider }) => [alias, provider]) : []),
  };
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The limits as settings that `preview` can compare: one for each budget. */
export function limitSettings({ budgets, rates, timeZone, onFailure }: Limits): Record<string, unknown> {
  const byName = budgets.map(({ scope, name, window, nanoUsd }) => {
    const whose = [scope, name].filter(Boolean).join(' ');
    return [`${whose} per ${window}`, `$${nanoUsd / 1e9}`] as const;
  });
  return { timeZone, onFailure, budgets: Object.fromEntries(byName), rates };
}

function entries(
  scope: FileBudget['scope'],
  name: string,
  budgets: Budget | Budget[] | undefined,
): FileBudget[] {
  return budgetList(budgets).map(({ usd, window }) => ({ scope, name, nanoUsd: nanoUsd(usd), window }));
}

function byScopeNameWindow(a: FileBudget, b: FileBudget): number {
  const rank = ({ scope, name }: FileBudget): string => `${scope} ${name}`;
  if (rank(a) !== rank(b)) return rank(a) < rank(b) ? -1 : 1;
  return WINDOWS.indexOf(a.window) - WINDOWS.indexOf(b.window);
}
