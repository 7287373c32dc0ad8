/** Pulumi's plan, as `pulumi preview --json` prints it, reduced to what we use. Secrets in it are `[secret]` already. */
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
  diagnostics?: { severity: string; message: string }[];
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

/** Reads the document. */
export function parsePlan(json: string): PulumiPlan {
  return JSON.parse(json) as PulumiPlan;
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

/** What Pulumi and the program warned of, without what concerns the toolchain alone. */
export function planWarnings(plan: PulumiPlan): string[] {
  const texts = (plan.diagnostics ?? [])
    .filter((diagnostic) => diagnostic.severity === 'warning')
    .map((diagnostic) => withoutTag(diagnostic.message.trim().replace(/^warning:\s*/, '')))
    .filter((text) => !/^using pulumi-\S+ from \$PATH/.test(text));
  return [...new Set(texts)];
}

/** A problem's text without its second "warning", behind the place. */
export function withoutTag(text: string): string {
  return text.replace(/^(\S+) warning: /, '$1 ');
}

/** What Pulumi gave as the reasons of a failure. */
export function planErrors(plan: PulumiPlan): string[] {
  const texts = (plan.diagnostics ?? [])
    .filter((diagnostic) => diagnostic.severity === 'error')
    .map((diagnostic) => diagnostic.message.trim().replace(/^error:\s*/, ''))
    .filter((text) => !/^(preview|update) failed$/.test(text));
  return [...new Set(texts)];
}

/** `Container` for `docker:index/container:Container`. */
export function typeOf(step: Step): string {
  const type = step.newState?.type ?? step.oldState?.type ?? '';
  return type.slice(type.lastIndexOf(':') + 1);
}
