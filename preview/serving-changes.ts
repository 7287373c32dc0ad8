/** Describes in sentences what changes between two plans for callers of models. Pure. */
import type { PlanOutput } from '../domain/schema/outputs-schema.ts';
import { describeDifference, differences } from './deep-diff.ts';

type ServedAlias = PlanOutput['models'][string];

/** Describes changed aliases, upstreams, fallback chains, settings and programs. */
export function describeServingChanges(before: PlanOutput, after: PlanOutput): string[] {
  const sentences = [
    ...describeModels(before.models, after.models),
    ...describeFallbacks(before.fallbacks, after.fallbacks),
    ...differences(before.settings, after.settings).map(
      (difference) => `gateway setting ${describeDifference(difference)}`,
    ),
  ];
  // The changes in files with settings are already described.
  const isDescribed = (path: string): boolean => sentences.length > 0 && isSettings(path);
  return [...sentences, ...describeFiles(before.files, after.files, isDescribed)];
}

function describeModels(before: PlanOutput['models'], after: PlanOutput['models']): string[] {
  return pairs(before, after).flatMap(([alias, was, is]) => {
    if (is === undefined) return [`${alias} is no longer served`];
    if (was === undefined) return [`${alias} is new, served by ${upstreams(is)}`];
    return describeAlias(alias, was, is);
  });
}

/** Describes the changes of an alias that exists before and after. */
function describeAlias(alias: string, was: ServedAlias, is: ServedAlias): string[] {
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

function describeFallbacks(before: PlanOutput['fallbacks'], after: PlanOutput['fallbacks']): string[] {
  return pairs(before, after).flatMap(([alias, was = [], is = []]) => {
    if (was.join() === is.join()) return [];
    if (is.length === 0) return [`${alias} no longer falls back to anything (before: ${was.join(', ')})`];
    return [`${alias} now falls back to ${is.join(', ')} (before: ${was.join(', ') || 'nothing'})`];
  });
}

function describeFiles(
  before: PlanOutput['files'],
  after: PlanOutput['files'],
  isDescribed: (path: string) => boolean,
): string[] {
  return pairs(before, after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, was, is]) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (was === undefined) return [`the gateways get a new file: ${name}`];
      if (is === undefined) return [`the gateways no longer get the file ${name}`];
      if (was.sha256 === is.sha256 || isDescribed(path)) return [];
      const lines = was.lines === is.lines ? `${is.lines} lines` : `${was.lines} → ${is.lines} lines`;
      return [`the gateways' ${name} changes (${lines})`];
    });
}

function isSettings(path: string): boolean {
  return /\.(json|yaml)$/.test(path);
}

/** The entries of two records, paired by name. */
function pairs<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
): [name: string, was: T | undefined, is: T | undefined][] {
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...was.keys(), ...is.keys()])].map((name) => [name, was.get(name), is.get(name)]);
}
