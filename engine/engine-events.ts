/** Interprets the engine's events: progress, warnings, errors, number of changes, steps of a plan. Pure except for the clock. */
import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';

/** The verbs for a step's beginning and end, by operation. Operations that are not listed change nothing themselves. */
const VERBS: Record<string, [started: string, done: string]> = {
  create: ['creating', 'created'],
  'create-replacement': ['creating the new', 'created the new'],
  update: ['updating', 'updated'],
  delete: ['removing', 'removed'],
  'delete-replaced': ['removing the old', 'removed the old'],
  import: ['importing', 'imported'],
};

/** Operations in the closing summary that are not changes. */
const NO_CHANGE = new Set(['same', 'read', 'refresh', 'discard']);

/** The engine's warning about plugins on PATH, where `./switchyard` put them. It has no code, only this text. */
const OWN_PLUGIN = /^using pulumi-\S+ from \$PATH/;

/** Collects the events of one operation. */
export class EngineEvents {
  /** Warnings of the engine and the program. */
  readonly warnings: string[] = [];
  /** The steps, in the order in which they began; secrets in them are masked. */
  readonly steps: StepEventMetadata[] = [];
  /** The number of changed resources. */
  changes = 0;
  readonly #errors: { urn: string; text: string }[] = [];
  readonly #startTimes = new Map<string, number>();

  /**
   * Processes the next event.
   *
   * @returns a line of progress; undefined if the event is not worth one.
   */
  take(event: EngineEvent, now: number = Date.now()): string | undefined {
    if (event.resourcePreEvent) return this.#begin(event.resourcePreEvent.metadata, now);
    if (event.resOutputsEvent) return this.#end(event.resOutputsEvent.metadata, now);
    if (event.resOpFailedEvent) return this.#fail(event.resOpFailedEvent.metadata, now);
    if (event.diagnosticEvent) return this.#diagnose(event.diagnosticEvent);
    if (event.summaryEvent) this.changes = countChanges(event.summaryEvent.resourceChanges);
    return undefined;
  }

  /** The reasons of a failure. The engine's last error has no resource and no reason ("update failed"): it is dropped if there are others. */
  get errors(): string[] {
    const last = this.#errors.at(-1);
    const reasons = this.#errors.length > 1 && last?.urn === '' ? this.#errors.slice(0, -1) : this.#errors;
    return [...new Set(reasons.map(({ text }) => text))];
  }

  #begin(step: StepEventMetadata, now: number): string | undefined {
    this.steps.push(step);
    this.#startTimes.set(keyOf(step), now);
    return line(step, 0);
  }

  #end(step: StepEventMetadata, now: number): string | undefined {
    return line(step, 1, this.#duration(step, now));
  }

  #fail(step: StepEventMetadata, now: number): string {
    return `failed: ${step.op} ${resourceOf(step)}${this.#duration(step, now)}`;
  }

  #duration(step: StepEventMetadata, now: number): string {
    const started = this.#startTimes.get(keyOf(step));
    const seconds = started === undefined ? 0 : Math.round((now - started) / 1000);
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
    // Errors are reported at the end. Debug messages are dropped: they contain secrets, and the engine sends them even if not requested.
    if (severity !== 'warning' || OWN_PLUGIN.test(text) || this.warnings.includes(text)) return undefined;
    this.warnings.push(text);
    return `warning: ${text}`;
  }
}

/** How many resources a summary counts as changed; a replaced one counts once. */
function countChanges(changes: Partial<Record<string, number>>): number {
  return Object.entries(changes).reduce((sum, [op, count = 0]) => sum + (NO_CHANGE.has(op) ? 0 : count), 0);
}

/** `creating gateway-0 (Container)`. Undefined for components and providers, which take no time. */
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

/** Removes the engine's colour tags, which old releases send even if colours are off. */
function withoutColour(text: string): string {
  return text.replace(/<\{%[^%]*%\}>/g, '');
}
