/** Pulumi's plan from the events of a preview, reduced to what is used here. Pulumi has already masked the secrets in it. */
import type { EngineEvents } from '../engine/engine-events.ts';
import { resourceName } from '../engine/stack-state.ts';

/** A resource before or after a step. */
export interface PlanState {
  type: string;
  inputs?: Record<string, unknown>;
}

/** A step of the plan. A replacement is a single step here. */
export interface Step {
  op: string;
  urn: string;
  oldState?: PlanState;
  newState?: PlanState;
  replaceReasons?: string[];
  diffReasons?: string[];
}

/** A plan. */
export interface PulumiPlan {
  steps?: Step[];
  /** The warnings of Pulumi and of the program. */
  warnings?: readonly string[];
}

/** A changed resource, as it is printed and as `--json` contains it. */
export interface Change {
  op: string;
  type: string;
  name: string;
  /** The names of the inputs that differ. */
  why: string[];
}

const CHANGING_OPS = new Set(['create', 'update', 'delete', 'replace', 'import']);
const SIGN: Record<string, string> = { create: '+', update: '~', delete: '-', replace: '±', import: '=' };

/** The engine's steps that make up a replacement. They are dropped: the step `replace` represents all of them. */
const PARTS_OF_A_REPLACEMENT = new Set([
  'create-replacement',
  'delete-replaced',
  'import-replacement',
  'read-replacement',
  'discard-replaced',
  'remove-pending-replace',
]);

/** Builds the plan from a preview's events. */
export function planOf({ steps, warnings }: Pick<EngineEvents, 'steps' | 'warnings'>): PulumiPlan {
  const whole = steps.filter(({ op }) => !PARTS_OF_A_REPLACEMENT.has(op));
  return {
    warnings,
    steps: whole.map((step) => ({
      op: step.op,
      urn: step.urn,
      ...(step.old ? { oldState: step.old } : {}),
      ...(step.new ? { newState: step.new } : {}),
      replaceReasons: step.keys ?? [],
      diffReasons: step.diffs ?? [],
    })),
  };
}

/** The steps that change something, sorted by name, because Pulumi's own order varies. */
export function changedSteps(plan: PulumiPlan): Step[] {
  const key = (step: Step): string => `${resourceName(step)} ${typeOf(step)}`;
  return (plan.steps ?? [])
    .filter((step) => CHANGING_OPS.has(step.op))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Summarises a step. */
export function toChange(step: Step): Change {
  const why = [...new Set([...(step.replaceReasons ?? []), ...(step.diffReasons ?? [])])];
  // Every replacement has the reason "id", which says nothing.
  return {
    op: step.op,
    type: typeOf(step),
    name: resourceName(step),
    why: why.filter((reason) => reason !== 'id'),
  };
}

/** `± edge (Container): ports` */
export function stepLine({ op, name, type, why }: Change): string {
  return `${SIGN[op] ?? ' '} ${name} (${type})${why.length > 0 ? `: ${why.join(', ')}` : ''}`;
}

/** `Container` for `docker:index/container:Container`. */
export function typeOf(step: Step): string {
  const type = step.newState?.type ?? step.oldState?.type ?? '';
  return type.slice(type.lastIndexOf(':') + 1);
}
