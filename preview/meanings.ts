/** What a plan means, in sentences: for keys, gateways, the edge, images, data. Pure, and without any secret. */
import { KEY_AGE_PREFIX } from '../infra/docker-names.ts';
import { endpointOf } from '../infra/endpoint.ts';
import { masterGeneration } from '../keys/key-ages.ts';
import { describeChange, type PulumiPlan, type Step, changedSteps, toChange, typeOf } from './pulumi-plan.ts';
import { resourceName } from '../engine/stack-state.ts';

/** What a changed edge means: the one change that is not seamless, see docs/drills.md. */
export const EDGE_GAP =
  'the edge is replaced: a gap of some seconds, in which connections are refused or reset';

/** What the sentences need beside the plan. */
export interface MeaningContext {
  /** Until when the previous master key is accepted, by the settings. */
  previousUntil?: string | undefined;
}

/** Sentences about what the plan does; none where it changes nothing. Every changed resource is covered by one. */
export function planMeanings(plan: PulumiPlan, context: MeaningContext = {}): string[] {
  const steps = changedSteps(plan);
  const gateways = steps.filter(isGateway);
  return [
    ...keyMeanings(steps, plan),
    ...masterKeyMeanings(plan, steps, context),
    ...steps.filter((step) => typeOf(step) === 'RemoteImage').flatMap(imageMeaning),
    ...countMeaning(plan),
    ...gatewayMeanings(gateways),
    ...steps.filter((step) => isContainer(step, 'edge')).flatMap(edgeMeanings),
    ...steps.filter((step) => typeOf(step) === 'Volume').flatMap(volumeMeaning),
    ...steps.filter((step) => !isCovered(step)).map((step) => describeChange(toChange(step))),
  ];
}

/** Whether the stack has nothing yet. */
export function isNew(plan: PulumiPlan): boolean {
  return (plan.steps ?? []).every((step) => step.oldState === undefined);
}

function isContainer(step: Step, name: string): boolean {
  return typeOf(step) === 'Container' && resourceName(step) === name;
}

function isGateway(step: Step): boolean {
  return typeOf(step) === 'Container' && /^gateway-\d+$/.test(resourceName(step));
}

function keyMeanings(steps: readonly Step[], plan: PulumiPlan): string[] {
  // What an interrupted `up` has replaced and not deleted is there twice: the key itself stays.
  const stays = new Set((plan.steps ?? []).filter((step) => step.op !== 'delete').map(resourceName));
  const said: Record<string, string> = { create: 'is new', replace: 'rotated', delete: 'removed' };
  return steps.flatMap((step) => {
    const name = resourceName(step);
    const verb = step.op === 'delete' && stays.has(name) ? 'rotated' : said[step.op];
    return name.startsWith(KEY_AGE_PREFIX) && verb ? [`${name.slice(KEY_AGE_PREFIX.length)} ${verb}`] : [];
  });
}

function masterKeyMeanings(plan: PulumiPlan, steps: readonly Step[], context: MeaningContext): string[] {
  const generations = (op: string): number[] =>
    steps.filter((step) => step.op === op).flatMap((step) => masterGeneration(resourceName(step)) ?? []);
  const before = (plan.steps ?? [])
    .filter((step) => step.oldState !== undefined)
    .flatMap((step) => masterGeneration(resourceName(step)) ?? []);
  const made = generations('create');
  const gone = generations('delete');
  if (before.length === 0) return [];
  const was = Math.max(...before);
  if (made.length > 0 && Math.max(...made) > was) {
    const old =
      context.previousUntil === undefined || gone.includes(was)
        ? 'the old one is refused as soon as the gateways are replaced'
        : `the old one is accepted until ${context.previousUntil}`;
    return [`the master key is rotated (${was} → ${Math.max(...made)}); ${old}`];
  }
  return gone.map((generation) => `master key ${generation} is no longer accepted`);
}

function imageMeaning(step: Step): string[] {
  const whose = resourceName(step) === 'edge-image' ? "the edge's image" : "the gateways' image";
  if (step.op === 'delete') return [`${whose} is removed`];
  return [step.op === 'replace' ? `${whose} is built anew` : `${whose} is built`];
}

/** `gateways 1 → 2` */
function countMeaning(plan: PulumiPlan): string[] {
  const all = (plan.steps ?? []).filter(isGateway);
  const before = all.filter((step) => step.oldState !== undefined).length;
  const after = all.filter((step) => step.op !== 'delete').length;
  return before === after || before === 0 ? [] : [`gateways ${before} → ${after}`];
}

function gatewayMeanings(gateways: readonly Step[]): string[] {
  const [one] = gateways.filter((step) => step.oldState !== undefined && step.newState !== undefined);
  const said = one === undefined ? [] : inputChanges(one);
  if (gateways.some((step) => step.op === 'replace')) {
    said.push('the gateways are replaced, the new ones before the old ones: no request fails');
  }
  return said;
}

/** Settings of a container that have a name of their own. */
const INPUTS: Record<string, string> = {
  memory: 'memory of a gateway (MiB)',
  stopTimeout: 'time to stop a gateway (s)',
};

function inputChanges(step: Step): string[] {
  const [before, after] = [step.oldState?.inputs ?? {}, step.newState?.inputs ?? {}];
  return Object.entries(INPUTS).flatMap(([input, label]) => {
    const [was, is] = [before[input], after[input]];
    return typeof was === 'number' && typeof is === 'number' && was !== is
      ? [`${label}: ${was} → ${is}`]
      : [];
  });
}

function edgeMeanings(step: Step): string[] {
  if (step.op === 'delete') return ['the edge is removed: nothing answers any more'];
  if (step.op !== 'replace') return step.op === 'create' ? [] : [describeChange(toChange(step))];
  return [...addressMeaning(step.oldState?.inputs, step.newState?.inputs), ...changedUploads(step), EDGE_GAP];
}

function addressMeaning(before: Record<string, unknown> = {}, after: Record<string, unknown> = {}): string[] {
  const [was, is] = [published(before), published(after)];
  if (was === undefined || is === undefined) return [];
  const [old, next] = [endpointOf(was.ip, was.external), endpointOf(is.ip, is.external)];
  return [
    ...(old === next
      ? []
      : [`the address moves: ${old} → ${next}; clients need the new one (./switchyard connect)`]),
    ...(was.ip === is.ip ? [] : [`it listens on ${is.ip} instead of ${was.ip}`]),
  ];
}

/** The port of this machine that a container has. */
function published({ ports }: Record<string, unknown>): { ip: string; external: number } | undefined {
  const [port] = (Array.isArray(ports) ? ports : []) as { ip?: string; external?: number }[];
  return port?.ip === undefined || port.external === undefined
    ? undefined
    : { ip: port.ip, external: port.external };
}

function changedUploads(step: Step): string[] {
  const files = (inputs: Record<string, unknown> = {}): Map<string, string> => {
    const uploads = (Array.isArray(inputs.uploads) ? inputs.uploads : []) as {
      file: string;
      content?: string;
    }[];
    return new Map(uploads.map((upload) => [upload.file, upload.content ?? '']));
  };
  const [before, after] = [files(step.oldState?.inputs), files(step.newState?.inputs)];
  return [...after].flatMap(([file, content]) =>
    before.get(file) === content ? [] : [`the edge's ${file.slice(file.lastIndexOf('/') + 1)} changes`],
  );
}

function volumeMeaning(step: Step): string[] {
  if (step.op === 'create' || step.op === 'update') return [];
  return [`THE DATA VOLUME IS ${step.op === 'delete' ? 'REMOVED' : 'REPLACED'}: the cache in it is lost`];
}

/** What the sentences above speak of, or what needs none: components, and a volume that is made. */
function isCovered(step: Step): boolean {
  const name = resourceName(step);
  const fullType = step.newState?.type ?? step.oldState?.type ?? '';
  return (
    name.startsWith(KEY_AGE_PREFIX) ||
    masterGeneration(name) !== undefined ||
    ['RemoteImage', 'Volume'].includes(typeOf(step)) ||
    isGateway(step) ||
    isContainer(step, 'edge') ||
    /^(switchyard|pulumi):/.test(fullType)
  );
}
