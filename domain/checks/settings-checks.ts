/** Checks that the schema cannot make: whether a stack's settings are consistent with each other, the catalogue and the other stacks. */
import { addressFromContainer } from '../plan/host-address.ts';
import { LISTEN, unreachable } from './address-checks.ts';
import { checkVersion } from './image-policy.ts';
import { checkLimits } from './limits-checks.ts';
import type { Problem } from '../diagnostics/problems.ts';
import { type Catalog, MOCK_ALIAS } from '../schema/catalog-schema.ts';
import { formatPath, type Path } from '../diagnostics/yaml-path.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { didYouMean, listNames } from '../diagnostics/suggest.ts';
import { GATEWAY } from '../plan/lanes.ts';
import { addressesCollide, nextPort } from '../plan/next-port.ts';
import type { Settings } from '../schema/settings-schema.ts';
import { readStackFile } from '../diagnostics/settings-source.ts';

/**
 * All problems of settings that match the schema.
 *
 * @param keyNames the provider keys that are set.
 */
export function checkSettings(
  settings: Settings,
  source: Source,
  { catalog, keyNames }: { catalog?: Catalog | undefined; keyNames: readonly string[] },
): Problem[] {
  const problems: Problem[] = [];
  const wrong = (path: Path, message: string, more: Partial<Problem> = {}) =>
    void problems.push(source.problem(path, message, { value: true, ...more }));
  const { production, mock, masterKey, keyAge, image, bind, portkey } = settings;
  if (production && mock) {
    wrong(['mock'], 'the mock model is forbidden in production', { fix: 'pulumi config rm mock' });
  }
  if (masterKey.previousUntil !== undefined && masterKey.generation === 1) {
    wrong(['masterKey', 'previousUntil'], 'there is no key before generation 1', {
      fix: "pulumi config set --path 'masterKey.generation' 2",
    });
  }
  for (const [alias, key] of Object.entries(settings.keys)) {
    if (key.previousUntil === undefined || key.generation > 1) continue;
    const path = ['keys', alias, 'previousUntil'];
    wrong(path, 'there is no value before generation 1', {
      fix: `pulumi config rm --path '${formatPath(path)}'`,
    });
  }
  if (keyAge.warnDays > keyAge.rotateDays) {
    wrong(['keyAge', 'warnDays'], `${keyAge.warnDays} days exceeds keyAge.rotateDays (${keyAge.rotateDays})`);
  }
  if (!bind.startsWith('127.')) {
    const message = `${bind} accepts connections from other machines over plain HTTP; 127.0.0.1 accepts only local ones`;
    wrong(['bind'], message, { severity: 'warning' });
  }
  const bad = image && checkVersion(image.version);
  if (bad) wrong(['image', 'version'], bad);
  if (portkey.defaultFallback && portkey.mode === 'off') {
    const message = 'the default fallback is Portkey, but portkey.mode is off';
    wrong(['portkey', 'defaultFallback'], message, { fix: "pulumi config set --path 'portkey.mode' cloud" });
  }
  checkLimits(settings, wrong, { catalog, keyNames });
  if (catalog) checkNames(settings, catalog, wrong);
  return problems;
}

type Wrong = (path: Path, message: string, more?: Partial<Problem>) => void;

/** Checks names that must be in the catalogue, and numbers that depend on it. */
function checkNames(settings: Settings, catalog: Catalog, wrong: Wrong): void {
  const { baseUrls, client, portkey, drainSeconds } = settings;
  const providers = Object.keys(catalog.providers);
  const direct = providers.filter(
    (id) => catalog.providers[id]?.client && catalog.providers[id].litellm !== undefined,
  );
  const routes = Object.keys(catalog.portkey?.routes ?? {});
  const named = (path: Path, name: string, allowed: readonly string[], what: string) => {
    if (allowed.includes(name)) return;
    wrong(
      path,
      `no such ${what}: "${name}"${didYouMean(name, allowed) || ';'} allowed: ${listNames(allowed)}`,
    );
  };
  for (const [name, given] of Object.entries(baseUrls)) {
    named(['baseUrls', name], name, providers, 'provider');
    const address = typeof given === 'string' ? given : given.gateway;
    const instead = address === undefined ? undefined : addressFromContainer(address);
    if (address === undefined || instead === undefined || !providers.includes(name)) continue;
    const path = typeof given === 'string' ? ['baseUrls', name] : ['baseUrls', name, 'gateway'];
    const fix =
      typeof given === 'string'
        ? `write { gateway: ${instead}, client: ${address} }`
        : `pulumi config set --path '${formatPath(path)}' ${instead}`;
    wrong(path, `${unreachable(address, instead)}; ${LISTEN}`, { fix });
  }
  if (client.direct !== 'all') {
    client.direct.forEach((name, index) =>
      named(['client', 'direct', index], name, direct, 'direct provider'),
    );
  }
  const lanes = Object.entries(catalog.client?.lanes ?? {});
  const ofGateway = lanes.filter(([, { provider }]) => provider === GATEWAY).map(([lane]) => lane);
  const aliases = [...Object.keys(catalog.models), ...(settings.mock ? [MOCK_ALIAS] : [])];
  for (const [alias, key] of Object.entries(settings.keys)) {
    key.models?.forEach((name, index) => named(['keys', alias, 'models', index], name, aliases, 'model'));
    key.lanes?.forEach((name, index) =>
      named(['keys', alias, 'lanes', index], name, ofGateway, 'lane of the gateway'),
    );
  }
  for (const name of Object.keys(portkey.configs)) named(['portkey', 'configs', name], name, routes, 'route');
  const [first] = routes;
  if (
    portkey.defaultFallback &&
    portkey.mode === 'cloud' &&
    first !== undefined &&
    !Object.hasOwn(portkey.configs, first)
  ) {
    wrong(
      ['portkey', 'defaultFallback'],
      `the default fallback is the route "${first}", but its saved config is not set`,
      {
        fix: `pulumi config set --path '${formatPath(['portkey', 'configs', first])}' pc-…`,
      },
    );
  }
  if (drainSeconds < catalog.limits.requestTimeout) {
    const { requestTimeout } = catalog.limits;
    const message = `${drainSeconds} s is less than the catalogue's limits.requestTimeout (${requestTimeout} s): a replacement may cut off a request`;
    wrong(['drainSeconds'], message, { severity: 'warning' });
  }
}

/** Another stack's file. */
export interface OtherStack {
  stack: string;
  path: string;
  text: string;
}

/** The ports that stacks have in their files. */
export function portsOf(stacks: readonly OtherStack[]): number[] {
  return stacks.flatMap(({ path, text }) => Number(readStackFile(path, text).values.port) || []);
}

/** An error if another stack of this checkout has the same address and port. */
export function checkPorts(settings: Settings, source: Source, others: readonly OtherStack[]): Problem[] {
  const free = nextPort(portsOf(others));
  return others.flatMap((other) => {
    const { port, bind } = readStackFile(other.path, other.text).values;
    const theirs = typeof bind === 'string' ? bind : '127.0.0.1';
    if (other.stack === settings.stack || Number(port) !== settings.port) return [];
    if (!addressesCollide(theirs, settings.bind)) return [];
    const message = `port ${settings.port} is already used by the stack ${other.stack} (${other.path})`;
    const fix = `pulumi config set port ${free} --stack ${settings.stack}`;
    return [source.problem(['port'], message, { value: true, fix })];
  });
}
