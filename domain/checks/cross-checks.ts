/** Checks that the schema cannot make: whether the parts of a catalogue are consistent. */
import { checkAddresses } from './address-checks.ts';
import { unusable } from '../diagnostics/key-leaks.ts';
import type { Problem } from '../diagnostics/problems.ts';
import { type Catalog, MOCK_ALIAS } from '../schema/catalog-schema.ts';
import type { Path } from '../diagnostics/yaml-path.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { didYouMean, listNames } from '../diagnostics/suggest.ts';

/** Names of entries that have schema errors. References to them are not reported too. `*` stands for all entries of a part. */
export interface BrokenNames {
  providers: ReadonlySet<string>;
  models: ReadonlySet<string>;
  routes: ReadonlySet<string>;
}

const NO_BROKEN_NAMES: BrokenNames = { providers: new Set(), models: new Set(), routes: new Set() };

/** Whether a name is that of a broken entry, ignoring case: upper case is a common mistake in names. */
function isBroken(broken: ReadonlySet<string>, name: string): boolean {
  return broken.has('*') || broken.has(name) || [...broken].some((one) => one.toLowerCase() === name);
}

/**
 * Errors about all inconsistencies of a catalogue.
 *
 * @param catalog a catalogue that matches the schema, or the valid part of one.
 */
export function crossCheck(
  catalog: Catalog,
  source: Source,
  broken: BrokenNames = NO_BROKEN_NAMES,
): Problem[] {
  const providers = checkProviders(catalog, source);
  return [
    ...providers,
    ...checkModels(catalog, source, broken.providers),
    ...checkAddresses(catalog, source),
    ...checkFallbacks(catalog, source, broken.models),
    ...checkRoutes(catalog, source, broken.models),
    ...(providers.length + broken.providers.size === 0 ? checkClient(catalog, source, broken) : []),
  ];
}

function checkProviders(catalog: Catalog, source: Source): Problem[] {
  const problems: Problem[] = [];
  const keys = new Map<string, string>();
  const clients = new Map<string, string>([['litellm', 'the gateway']]);
  for (const [id, provider] of Object.entries(catalog.providers)) {
    const checkUnique = (path: Path, value: string, owner: string | undefined) => {
      if (owner !== undefined)
        problems.push(source.problem(path, `${value} is already used by ${owner}`, { value: true }));
    };
    checkUnique(['providers', id, 'key'], provider.key, keys.get(provider.key));
    keys.set(provider.key, id);
    if (provider.client) {
      checkUnique(['providers', id, 'client', 'id'], provider.client.id, clients.get(provider.client.id));
      clients.set(provider.client.id, id);
    }
    const reason = unusable(provider.keyPattern);
    if (reason) problems.push(source.problem(['providers', id, 'keyPattern'], reason, { value: true }));
  }
  return problems;
}

function checkModels(catalog: Catalog, source: Source, broken: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  const gateway = Object.keys(catalog.providers).filter((id) => catalog.providers[id]?.litellm !== undefined);
  const { requestTimeout } = catalog.limits;
  const tooLong = (path: Path, seconds: number | undefined) => {
    if (seconds === undefined || seconds <= requestTimeout) return;
    const message = `${seconds} s exceeds limits.requestTimeout (${requestTimeout} s), which ends the request first`;
    problems.push(source.problem(path, message, { value: true }));
  };
  tooLong(['defaults', 'timeout'], catalog.defaults.timeout);
  for (const [alias, model] of Object.entries(catalog.models)) {
    const at = ['models', alias];
    if (alias === MOCK_ALIAS) {
      problems.push(
        source.problem(at, `"${MOCK_ALIAS}" is reserved for the mock model; choose another alias`),
      );
    }
    if (!gateway.includes(model.provider) && !isBroken(broken, model.provider)) {
      const exists = Object.hasOwn(catalog.providers, model.provider);
      const what = exists
        ? `the gateway cannot route to ${model.provider}: it has no "litellm"`
        : `unknown provider "${model.provider}"`;
      const hint = exists ? ';' : didYouMean(model.provider, gateway) || ';';
      problems.push(
        source.problem([...at, 'provider'], `${what}${hint} allowed: ${listNames(gateway)}`, { value: true }),
      );
    }
    tooLong([...at, 'timeout'], model.timeout);
    tooLong([...at, 'streamTimeout'], model.streamTimeout);
  }
  return problems;
}

function checkFallbacks(catalog: Catalog, source: Source, broken: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  const aliases = Object.keys(catalog.models);
  const known = new Set(aliases);
  for (const [alias, chain] of Object.entries(catalog.fallbacks)) {
    if (!known.has(alias) && !isBroken(broken, alias)) {
      problems.push(
        source.problem(
          ['fallbacks', alias],
          `no such alias${didYouMean(alias, aliases) || ';'} allowed: ${listNames(aliases)}`,
        ),
      );
    }
    const seen = new Set<string>();
    chain.forEach((hop, index) => {
      const wrong = (message: string) =>
        problems.push(source.problem(['fallbacks', alias, index], message, { value: true }));
      if (isBroken(broken, hop)) return;
      if (!known.has(hop))
        wrong(`no such alias: "${hop}"${didYouMean(hop, aliases) || ';'} allowed: ${listNames(aliases)}`);
      else if (hop === alias) wrong(`"${alias}" falls back to itself`);
      else if (seen.has(hop)) wrong(`"${hop}" appears twice in this chain`);
      else if (known.has(alias) && catalog.models[hop]?.mode !== catalog.models[alias]?.mode) {
        wrong(`"${hop}" is for ${catalog.models[hop]?.mode}, "${alias}" for ${catalog.models[alias]?.mode}`);
      }
      seen.add(hop);
    });
  }
  return [...problems, ...checkCycles(catalog, source)];
}

const WHY_NO_CYCLE =
  'a request could loop through them, since LiteLLM also tries the chain of each hop that fails. Remove a hop, or use a second alias of the same model that has no chain of its own';

/** Errors about cycles through several chains: LiteLLM continues with the chain of the alias that failed last. Each is reported once. */
function checkCycles(catalog: Catalog, source: Source): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  for (const start of Object.keys(catalog.fallbacks)) {
    if (done.has(start)) continue;
    // Depth-first search without recursion: a path may be as long as the catalogue.
    const stack: string[] = [start];
    const onStack = new Map<string, number>([[start, 0]]);
    const next: number[] = [0];
    while (stack.length > 0) {
      const alias = stack.at(-1) ?? '';
      const chain = Object.hasOwn(catalog.fallbacks, alias) ? (catalog.fallbacks[alias] ?? []) : [];
      const index = next[next.length - 1] ?? 0;
      next[next.length - 1] = index + 1;
      const hop = chain[index];
      if (hop === undefined) {
        done.add(alias);
        onStack.delete(alias);
        stack.pop();
        next.pop();
      } else if (onStack.has(hop) && hop !== alias) {
        const cycle = [...stack.slice(onStack.get(hop)), hop];
        problems.push(
          source.problem(
            ['fallbacks', alias, index],
            `these chains form a cycle: ${cycle.join(' → ')}; ${WHY_NO_CYCLE}`,
            { value: true },
          ),
        );
      } else if (!onStack.has(hop) && !done.has(hop)) {
        onStack.set(hop, stack.length);
        stack.push(hop);
        next.push(0);
      }
    }
  }
  return problems;
}

function checkRoutes(catalog: Catalog, source: Source, broken: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  const aliases = Object.keys(catalog.models).filter((alias) => {
    const { provider, mode } = catalog.models[alias] ?? {};
    return (
      mode === 'chat' &&
      provider !== undefined &&
      Object.hasOwn(catalog.providers, provider) &&
      catalog.providers[provider]?.portkey
    );
  });
  const known = new Set(aliases);
  for (const [route, { targets }] of Object.entries(catalog.portkey?.routes ?? {})) {
    targets.forEach((target, index) => {
      if (known.has(target) || isBroken(broken, target)) return;
      const message = `no chat alias whose provider has a Portkey name: "${target}"${didYouMean(target, aliases) || ';'} allowed: ${listNames(aliases)}`;
      problems.push(source.problem(['portkey', 'routes', route, 'targets', index], message, { value: true }));
    });
  }
  return problems;
}

/** Checks the client's priority and lanes: they must name client providers, and aliases that these serve. */
function checkClient(catalog: Catalog, source: Source, broken: BrokenNames): Problem[] {
  const problems: Problem[] = [];
  const routes = Object.keys(catalog.portkey?.routes ?? {});
  const owners = new Map(
    Object.entries(catalog.providers).flatMap(([id, { client }]) =>
      client ? [[client.id, id] as const] : [],
    ),
  );
  const clients = ['litellm', ...owners.keys()];
  const check = (path: Path, name: string, allowed: readonly string[], what: string) => {
    if (allowed.includes(name)) return true;
    const hint = didYouMean(name, allowed) || ';';
    problems.push(
      source.problem(path, `${what}: "${name}"${hint} allowed: ${listNames(allowed)}`, { value: true }),
    );
    return false;
  };
  catalog.client?.priority.forEach((id, index) =>
    check(['client', 'priority', index], id, clients, 'no such client provider'),
  );
  for (const [lane, { provider, model }] of Object.entries(catalog.client?.lanes ?? {})) {
    const at = ['client', 'lanes', lane];
    if (
      !check([...at, 'provider'], provider, clients, 'no such client provider') ||
      isBroken(broken.models, model) ||
      isBroken(broken.routes, model)
    )
      continue;
    const owner = owners.get(provider);
    const aliases = Object.keys(catalog.models).filter((alias) => {
      const entry = catalog.models[alias];
      return entry?.mode === 'chat' && (provider === 'litellm' || entry.provider === owner);
    });
    check(
      [...at, 'model'],
      model,
      owner === 'portkey' ? routes : aliases,
      `${provider} serves no such chat model`,
    );
  }
  return problems;
}
