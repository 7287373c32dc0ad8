/** Checks that the schema cannot make: whether the parts of a catalogue are consistent. */
import { checkAddresses } from './address-checks.ts';
import { unusable } from '../diagnostics/key-leaks.ts';
import type { Problem } from '../diagnostics/problems.ts';
import { type Catalog, MOCK_ALIAS, type Provider, providerSchema } from '../schema/catalog-schema.ts';
import { PORTKEY } from '../plan/lanes.ts';
import { NO_KEY } from '../schema/provider-key-names.ts';
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
    if (provider.key !== NO_KEY) {
      checkUnique(['providers', id, 'key'], provider.key, keys.get(provider.key));
      keys.set(provider.key, id);
    }
    if (provider.client) {
      checkUnique(['providers', id, 'client', 'id'], provider.client.id, clients.get(provider.client.id));
      clients.set(provider.client.id, id);
    }
    problems.push(...checkKeyFields(id, provider, source));
  }
  return problems;
}

/** A provider with keys needs their pattern; one without has no use for what describes keys. */
function checkKeyFields(id: string, { key, keyPattern, keyUrl }: Provider, source: Source): Problem[] {
  const at = ['providers', id];
  if (key !== NO_KEY) {
    if (keyPattern === undefined) {
      const message = `required, but missing: ${providerSchema.shape.keyPattern.description}`;
      return [source.problem([...at, 'keyPattern'], message)];
    }
    const reason = unusable(keyPattern);
    return reason ? [source.problem([...at, 'keyPattern'], reason, { value: true })] : [];
  }
  if (id === PORTKEY) return [source.problem([...at, 'key'], "Portkey's cloud needs a key", { value: true })];
  return Object.entries({ keyPattern, keyUrl }).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [source.problem([...at, name], `a provider with "key: ${NO_KEY}" has no keys: remove this line`)],
  );
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
