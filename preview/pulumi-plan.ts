/** Pulumi's plan, from the events of a preview, reduced to what we use. Secrets in it are blinded already. */
import type { EngineEvents } from '../engine/engine-events.ts';
import { resourceName } from '../engine/stack-state.ts';

/** A resource before or after a step. */
export interface PlanState {
  type: string;
  inputs?: Record<string, unknown>;
}

/** A step of the plan. A replacement is one step here. */
export interface Step {
  op: string;
  urn: string;
  oldState?: PlanState;
  newState?: PlanState;
  replaceReasons?: string[];
  diffReasons?: string[];
}

/** The whole plan. */
export interface PulumiPlan {
  steps?: Step[];
  /** What Pulumi and the program warned of. */
  warnings?: readonly string[];
}

/** A change for people and for `--json`. */
export interface Change {
  op: string;
  type: string;
  name: string;
  /** The inputs that differ. */
  why: string[];
}

const REAL = new Set(['create', 'update', 'delete', 'replace', 'import']);
const SIGN: Record<string, string> = { create: '+', update: '~', delete: '-', replace: '±', import: '=' };

/** What a replacement consists of: the step `replace` stands for all of it. */
const PARTS_OF_A_REPLACEMENT = new Set([
  'create-replacement',
  'delete-replaced',
  'import-replacement',
  'read-replacement',
  'discard-replaced',
  'remove-pending-replace',
]);

/** The plan that a preview's events make up. */
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

/** The steps that change something, by name: Pulumi's own order is another each time. */
export function changedSteps(plan: PulumiPlan): Step[] {
  const key = (step: Step): string => `${resourceName(step)} ${typeOf(step)}`;
  return (plan.steps ?? []).filter((step) => REAL.has(step.op)).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** A step in short. */
export function toChange(step: Step): Change {
  const why = [...new Set([...(step.replaceReasons ?? []), ...(step.diffReasons ?? [])])];
  // A replacement always gives "id" as a reason: it says nothing.
  return {
    op: step.op,
    type: typeOf(step),
    name: resourceName(step),
    why: why.filter((reason) => reason !== 'id'),
  };
}

/** `± edge (Container): ports` */
export function describeChange({ op, name, type, why }: Change): string {
  return `${SIGN[op] ?? ' '} ${name} (${type})${why.length > 0 ? `: ${why.join(', ')}` : ''}`;
}

/** What Pulumi and the program warned of. */
export function planWarnings(plan: PulumiPlan): string[] {
  return [...new Set((plan.warnings ?? []).map(withoutTag))];
}

/** A problem's text without its second "warning", behind the place. */
export function withoutTag(text: string): string {
  return text.replace(/^(\S+) warning: /, '$1 ');
}

/** `Container` for `docker:index/container:Container`. */
export function typeOf(step: Step): string {
  const type = step.newState?.type ?? step.oldState?.type ?? '';
  return type.slice(type.lastIndexOf(':') + 1);
}
