/** The ages of a stack's keys. Pure: the time is an argument. */
import { setKeyCommand } from '../domain/plan/unavailable.ts';
import { KEY_AGE_PREFIX } from '../infra/docker-names.ts';
import { resourceName, type StateResource } from '../engine/stack-state.ts';

/** A key, and since when its current value is deployed. */
export interface KeyAge {
  /** As in the stack's config; `master key` for the one that clients use. */
  name: string;
  /** When `up` first deployed it. */
  since: string;
  /** Whole days since then. */
  days: number;
  /** `old` from `warnDays` on, `rotate` from `rotateDays` on. */
  state: 'fresh' | 'old' | 'rotate';
  /** The command that sets a new one. */
  command: string;
}

/** From which age, in days, a key is old and should be rotated. */
export interface AgeLimits {
  warnDays: number;
  rotateDays: number;
}

/** The name that {@link keyAges} uses for the key that clients use. */
export const MASTER_KEY = 'master key';

const DAY = 24 * 3600 * 1000;

/**
 * The ages of the deployed keys, the oldest first.
 *
 * @param resources the stack's state.
 * @param now the time to count to.
 */
export function keyAges(
  stack: string,
  resources: readonly StateResource[],
  limits: AgeLimits,
  now: Date,
): KeyAge[] {
  const current = deployedGeneration(resources);
  return resources
    .flatMap((resource) => {
      const name = keyOf(resourceName(resource), current);
      if (name === undefined || resource.created === undefined) return [];
      const days = Math.max(0, Math.floor((now.getTime() - Date.parse(resource.created)) / DAY));
      return [
        { name, since: resource.created, days, state: stateOf(days, limits), command: command(stack, name) },
      ];
    })
    .sort((a, b) => b.days - a.days || (a.name < b.name ? -1 : 1))
    .filter(isFirstOfItsName);
}

/** After an interrupted `up` a rotated key exists twice: the older one counts, since the gateways may still use it. */
function isFirstOfItsName({ name }: KeyAge, index: number, all: readonly KeyAge[]): boolean {
  return all.findIndex((age) => age.name === name) === index;
}

/** The keys whose rotation an interrupted `up` has not finished: the old one is still marked for deletion. */
export function unfinishedRotations(resources: readonly StateResource[]): string[] {
  return resources.flatMap((resource) => {
    const name = resourceName(resource);
    return resource.delete === true && name.startsWith(KEY_AGE_PREFIX)
      ? [name.slice(KEY_AGE_PREFIX.length)]
      : [];
  });
}

/** The generation of the master key in a stack's state; undefined if none is deployed. */
export function deployedGeneration(resources: readonly Pick<StateResource, 'urn'>[]): number | undefined {
  const generations = resources.flatMap((resource) => {
    const generation = masterGeneration(resourceName(resource));
    return generation === undefined ? [] : [generation];
  });
  return generations.length === 0 ? undefined : Math.max(...generations);
}

/** `2` for the resource `master-key-2`; undefined for any other. */
export function masterGeneration(name: string): number | undefined {
  const digits = /^master-key-(?<generation>\d+)$/.exec(name)?.groups?.generation;
  return digits === undefined ? undefined : Number(digits);
}

/** The warning about a key that is no longer fresh; undefined for a fresh one. */
export function ageWarning(age: KeyAge): string | undefined {
  if (age.state === 'fresh') return undefined;
  const suggestion = age.state === 'rotate' ? 'rotate it' : 'rotate it soon';
  return `${age.name} is ${age.days} days old: ${suggestion} (${age.command})`;
}

function keyOf(resource: string, generation: number | undefined): string | undefined {
  if (resource.startsWith(KEY_AGE_PREFIX)) return resource.slice(KEY_AGE_PREFIX.length);
  const own = masterGeneration(resource);
  return own !== undefined && own === generation ? MASTER_KEY : undefined;
}

function stateOf(days: number, { warnDays, rotateDays }: AgeLimits): KeyAge['state'] {
  if (days >= rotateDays) return 'rotate';
  return days >= warnDays ? 'old' : 'fresh';
}

function command(stack: string, name: string): string {
  if (name === MASTER_KEY) return `./switchyard keys rotate ${stack}`;
  return setKeyCommand(name, stack);
}
