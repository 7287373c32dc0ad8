/** Describes in sentences what a plan changes: keys, gateways, the edge, images, data. Pure; contains no secret. */
import { KEY_AGE_PREFIX } from '../infra/docker-names.ts';
import { endpointOf } from '../infra/endpoint.ts';
import { masterGeneration } from '../keys/key-ages.ts';
import { stepLine, type PulumiPlan, type Step, changedSteps, toChange, typeOf } from './pulumi-plan.ts';
import { resourceName } from '../engine/stack-state.ts';

/** The sentence for a changed edge, the only change that clients notice: see docs/drills.md. */
export const EDGE_GAP =
  'the edge is replaced: an outage of a few seconds, in which connections are refused or reset';

/** What the sentences need beside the plan. */
export interface ChangeContext {
  /** Until when the settings accept the previous master key. */
  previousUntil?: string | undefined;
}

/** Describes what the plan changes; empty if it changes nothing. Every changed resource is covered by a sentence. */
export function describeChanges(plan: PulumiPlan, context: ChangeContext = {}): string[] {
  const steps = changedSteps(plan);
  const gateways = steps.filter(isGateway);
  return [
    ...describeKeys(steps, plan),
    ...describeMasterKey(plan, steps, context),
    ...steps.filter((step) => typeOf(step) === 'RemoteImage').flatMap(describeImage),
    ...describeGatewayCount(plan),
    ...describeGateways(gateways),
    ...steps.filter((step) => isContainer(step, 'edge')).flatMap(describeEdge),
    ...steps.filter((step) => typeOf(step) === 'Volume').flatMap(describeVolume),
    ...steps.filter((step) => !isCovered(step)).map((step) => stepLine(toChange(step))),
  ];
}

/** Whether nothing of the stack is deployed yet. */
export function isNew(plan: PulumiPlan): boolean {
  return (plan.steps ?? []).every((step) => step.oldState === undefined);
}

function isContainer(step: Step, name: string): boolean {
  return typeOf(step) === 'Container' && resourceName(step) === name;
}

function isGateway(step: Step): boolean {
  return typeOf(step) === 'Container' && /^gateway-\d+$/.test(resourceName(step));
}

function describeKeys(steps: readonly Step[], plan: PulumiPlan): string[] {
  // After an interrupted `up` a resource may exist twice, replaced and not yet deleted: then the key is not removed.
  const stays = new Set((plan.steps ?? []).filter((step) => step.op !== 'delete').map(resourceName));
  const verbs: Record<string, string> = { create: 'is new', replace: 'rotated', delete: 'removed' };
  return steps.flatMap((step) => {
    const name = resourceName(step);
    const verb = step.op === 'delete' && stays.has(name) ? 'rotated' : verbs[step.op];
    return name.startsWith(KEY_AGE_PREFIX) && verb ? [`${name.slice(KEY_AGE_PREFIX.length)} ${verb}`] : [];
  });
}

function describeMasterKey(plan: PulumiPlan, steps: readonly Step[], context: ChangeContext): string[] {
  const generations = (op: string): number[] =>
    steps.filter((step) => step.op === op).flatMap((step) => masterGeneration(resourceName(step)) ?? []);
  const before = (plan.steps ?? [])
    .filter((step) => step.oldState !== undefined)
    .flatMap((step) => masterGeneration(resourceName(step)) ?? []);
  const created = generations('create');
  const deleted = generations('delete');
  if (before.length === 0) return [];
  const was = Math.max(...before);
  if (created.length > 0 && Math.max(...created) > was) {
    const old =
      context.previousUntil === undefined || deleted.includes(was)
        ? 'the old one is rejected as soon as the gateways are replaced'
        : `the old one is accepted until ${context.previousUntil}`;
    return [`the master key is rotated (${was} → ${Math.max(...created)}); ${old}`];
  }
  return deleted.map((generation) => `master key ${generation} is no longer accepted`);
}

function describeImage(step: Step): string[] {
  const whose = resourceName(step) === 'edge-image' ? "the edge's image" : "the gateways' image";
  if (step.op === 'delete') return [`${whose} is removed`];
  return [step.op === 'replace' ? `${whose} is rebuilt` : `${whose} is built`];
}

/** `gateways 1 → 2` */
function describeGatewayCount(plan: PulumiPlan): string[] {
  const all = (plan.steps ?? []).filter(isGateway);
  const before = all.filter((step) => step.oldState !== undefined).length;
  const after = all.filter((step) => step.op !== 'delete').length;
  return before === after || before === 0 ? [] : [`gateways ${before} → ${after}`];
}

function describeGateways(gateways: readonly Step[]): string[] {
  const [one] = gateways.filter((step) => step.oldState !== undefined && step.newState !== undefined);
  const sentences = one === undefined ? [] : inputChanges(one);
  if (gateways.some((step) => step.op === 'replace')) {
    sentences.push('the gateways are replaced; new ones start before old ones stop: no request fails');
  }
  return sentences;
}

/** Inputs of a container that get a sentence of their own, with their labels. */
const INPUTS: Record<string, string> = {
  memory: 'memory of a gateway (MiB)',
  stopTimeout: 'stop timeout of a gateway (s)',
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

function describeEdge(step: Step): string[] {
  if (step.op === 'delete') return ['the edge is removed: no request is answered any more'];
  if (step.op !== 'replace') return step.op === 'create' ? [] : [stepLine(toChange(step))];
  return [
    ...describeAddress(step.oldState?.inputs, step.newState?.inputs),
    ...changedUploads(step),
    EDGE_GAP,
  ];
}

function describeAddress(
  before: Record<string, unknown> = {},
  after: Record<string, unknown> = {},
): string[] {
  const [was, is] = [published(before), published(after)];
  if (was === undefined || is === undefined) return [];
  const [old, next] = [endpointOf(was.ip, was.external), endpointOf(is.ip, is.external)];
  return [
    ...(old === next
      ? []
      : [`the address changes: ${old} → ${next}; clients need the new one (./switchyard connect)`]),
    ...(was.ip === is.ip ? [] : [`it listens on ${is.ip} instead of ${was.ip}`]),
  ];
}

/** The host address and port that a container publishes. */
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

function describeVolume(step: Step): string[] {
  if (step.op === 'create' || step.op === 'update') return [];
  return [`THE DATA VOLUME IS ${step.op === 'delete' ? 'REMOVED' : 'REPLACED'}: the cache in it is lost`];
}

/** Whether a step is covered by the sentences above or needs none: components, and a new volume. */
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
