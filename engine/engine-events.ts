/** What the engine's events say: progress for people, warnings, errors, the changes made, the steps of a plan. Pure but for the clock. */
import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';

/** What the engine does to a resource, as it begins and when it is done. Steps that are left out here change nothing of their own. */
const VERBS: Record<string, [begun: string, done: string]> = {
  create: ['creating', 'created'],
  'create-replacement': ['creating the new', 'created the new'],
  update: ['updating', 'updated'],
  delete: ['removing', 'removed'],
  'delete-replaced': ['removing the old', 'removed the old'],
  import: ['importing', 'imported'],
};

/** Steps of the closing summary that are no change. */
const NO_CHANGE = new Set(['same', 'read', 'refresh', 'discard']);

/** What the engine says of plugins that it finds on the PATH, where `./switchyard` put them. Nothing but the text tells it from others. */
const OWN_PLUGIN = /^using pulumi-\S+ from \$PATH/;

/** Gathers the events of one operation. */
export class EngineEvents {
  /** What the engine and the program warned of. */
  readonly warnings: string[] = [];
  /** The steps, in the order in which they began; secrets in them are blinded. */
  readonly steps: StepEventMetadata[] = [];
  /** How many resources were changed. */
  changes = 0;
  readonly #errors: { urn: string; text: string }[] = [];
  readonly #begun = new Map<string, number>();

  /**
   * Takes the next event.
   *
   * @returns a line of progress, where it is one that people care for.
   */
  take(event: EngineEvent, now: number = Date.now()): string | undefined {
    if (event.resourcePreEvent) return this.#begin(event.resourcePreEvent.metadata, now);
    if (event.resOutputsEvent) return this.#end(event.resOutputsEvent.metadata, now);
    if (event.resOpFailedEvent) return this.#fail(event.resOpFailedEvent.metadata, now);
    if (event.diagnosticEvent) return this.#diagnose(event.diagnosticEvent);
    if (event.summaryEvent) this.changes = countChanges(event.summaryEvent.resourceChanges);
    return undefined;
  }

  /** What made the operation fail. The engine closes with an error on no resource which says but that it failed: only alone is it told. */
  get errors(): string[] {
    const last = this.#errors.at(-1);
    const told = this.#errors.length > 1 && last?.urn === '' ? this.#errors.slice(0, -1) : this.#errors;
    return [...new Set(told.map(({ text }) => text))];
  }

  #begin(step: StepEventMetadata, now: number): string | undefined {
    this.steps.push(step);
    this.#begun.set(keyOf(step), now);
    return line(step, 0);
  }

  #end(step: StepEventMetadata, now: number): string | undefined {
    return line(step, 1, this.#took(step, now));
  }

  #fail(step: StepEventMetadata, now: number): string {
    return `failed: ${step.op} ${resourceOf(step)}${this.#took(step, now)}`;
  }

  #took(step: StepEventMetadata, now: number): string {
    const begun = this.#begun.get(keyOf(step));
    const seconds = begun === undefined ? 0 : Math.round((now - begun) / 1000);
    return seconds > 0 ? ` (${seconds} s)` : '';
  }

  #diagnose({
    urn = '',
    message,
    severity,
    ephemeral,
  }: NonNullable<EngineEvent['diagnosticEvent']>): string | undefined {
    const text = withoutColour(message).trim();
    if (ephemeral || text === '') return undefined;
    if (severity === 'info' || severity === 'info#err') return text;
    if (severity === 'error') this.#errors.push({ urn, text });
    // What is left is for debugging, and has secrets in it: the engine sends it whether it is asked for or not.
    if (severity !== 'warning' || OWN_PLUGIN.test(text) || this.warnings.includes(text)) return undefined;
    this.warnings.push(text);
    return `warning: ${text}`;
  }
}

/** How many resources a summary counts as changed; a replaced one counts once. */
function countChanges(changes: Partial<Record<string, number>>): number {
  return Object.entries(changes).reduce((sum, [op, count = 0]) => sum + (NO_CHANGE.has(op) ? 0 : count), 0);
}

/** `creating gateway-0 (Container)`. Components and providers are nothing that people wait for. */
function line(step: StepEventMetadata, phase: 0 | 1, took = ''): string | undefined {
  const verb = VERBS[step.op]?.[phase];
  const state = step.new ?? step.old;
  if (verb === undefined || state?.custom !== true || step.type.startsWith('pulumi:')) return undefined;
  return `${verb} ${resourceOf(step)}${took}`;
}

/** A resource's name and the last part of its type. */
function resourceOf({ urn, type }: StepEventMetadata): string {
  return `${urn.slice(urn.lastIndexOf('::') + 2)} (${type.slice(type.lastIndexOf(':') + 1)})`;
}

function keyOf({ op, urn }: StepEventMetadata): string {
  return `${op} ${urn}`;
}

/** A text without the engine's marks for colours, which old releases send even where none are asked for. */
function withoutColour(text: string): string {
  return text.replace(/<\{%[^%]*%\}>/g, '');
}
