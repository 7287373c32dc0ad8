/** What differs between two plans for those who call models, in sentences. Pure. */
import type { PlanOutput } from '../domain/schema/outputs-schema.ts';
import { describeDifference, differences } from './leaves.ts';

type ServedAlias = PlanOutput['models'][string];

/** Sentences about aliases, upstreams, chains, settings and programs that differ. */
export function servingMeanings(before: PlanOutput, after: PlanOutput): string[] {
  const said = [
    ...modelMeanings(before.models, after.models),
    ...chainMeanings(before.fallbacks, after.fallbacks),
    ...differences(before.settings, after.settings).map(
      (difference) => `gateway setting ${describeDifference(difference)}`,
    ),
  ];
  // What differs in a file of settings is told already.
  return [...said, ...fileMeanings(before.files, after.files, (path) => said.length > 0 && isSettings(path))];
}

function modelMeanings(before: PlanOutput['models'], after: PlanOutput['models']): string[] {
  return pairs(before, after).flatMap(([alias, was, is]) => {
    if (is === undefined) return [`${alias} is no longer served`];
    if (was === undefined) return [`${alias} is new, served by ${upstreams(is)}`];
    return aliasMeanings(alias, was, is);
  });
}

/** What differs for an alias that stays. */
function aliasMeanings(alias: string, was: ServedAlias, is: ServedAlias): string[] {
  const [had, has] = [was.deployments.length, is.deployments.length];
  return [
    ...(upstreams(was) === upstreams(is)
      ? []
      : [`${alias} will be served by ${upstreams(is)} (now: ${upstreams(was)})`]),
    ...(had === has ? [] : [`${alias} will have ${has === 1 ? '1 key' : `${has} keys`} (now: ${had})`]),
    ...differences(was.options, is.options).map(
      (difference) => `${alias}: ${describeDifference(difference)}`,
    ),
  ];
}

function upstreams({ upstreams: names }: ServedAlias): string {
  return names.join(' and ');
}

function chainMeanings(before: PlanOutput['fallbacks'], after: PlanOutput['fallbacks']): string[] {
  return pairs(before, after).flatMap(([alias, was = [], is = []]) => {
    if (was.join() === is.join()) return [];
    if (is.length === 0) return [`${alias} no longer falls back to anything (before: ${was.join(', ')})`];
    return [`${alias} now falls back to ${is.join(', ')} (before: ${was.join(', ') || 'nothing'})`];
  });
}

function fileMeanings(
  before: PlanOutput['files'],
  after: PlanOutput['files'],
  isTold: (path: string) => boolean,
): string[] {
  return pairs(before, after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, was, is]) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (was === undefined) return [`the gateways get a new file: ${name}`];
      if (is === undefined) return [`the gateways no longer get the file ${name}`];
      if (was.sha256 === is.sha256 || isTold(path)) return [];
      const lines = was.lines === is.lines ? `${is.lines} lines` : `${was.lines} → ${is.lines} lines`;
      return [`the gateways' ${name} changes (${lines})`];
    });
}

function isSettings(path: string): boolean {
  return /\.(json|yaml)$/.test(path);
}

/** What two records have under each name of either. */
function pairs<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
): [name: string, was: T | undefined, is: T | undefined][] {
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...was.keys(), ...is.keys()])].map((name) => [name, was.get(name), is.get(name)]);
}
