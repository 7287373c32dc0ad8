import type { Unavailable } from './unavailable.ts';

/** Models that are unavailable for the same reason. */
export interface UnavailableGroup {
  reason: string;
  /** The command that makes them available; undefined where an older deployment did not record it. */
  command?: string | undefined;
  models: string[];
}

/** Groups unavailable models by reason, in their order: one missing key often concerns several models. */
export function groupUnavailable(
  unavailable: readonly (Pick<Unavailable, 'reason'> & Partial<Unavailable> & { model: string })[],
): UnavailableGroup[] {
  return [...Map.groupBy(unavailable, ({ reason }) => reason)].map(([reason, models]) => ({
    reason,
    command: models[0]?.command,
    models: models.map(({ model }) => model),
  }));
}

/** `gpt-4, gpt-4-turbo: OPENAI_API_KEY is not set` */
export function describeUnavailable({ models, reason }: UnavailableGroup): string {
  return `${models.join(', ')}: ${reason}`;
}

/** `15 models: ./switchyard models dev lists them`, for where the list itself would be repeated. */
export function countUnavailable(count: number, stack: string): string {
  const [models, them] = count === 1 ? ['1 model', 'it'] : [`${count} models`, 'them'];
  return `${models}: ./switchyard models ${stack} lists ${them}`;
}

/** Whether the same models are unavailable for the same reasons, in any order. `before` is the output of the last `up`, if there was one. */
export function sameUnavailable(before: unknown, now: readonly { model: string; reason: string }[]): boolean {
  if (!Array.isArray(before)) return false;
  const facts = (list: readonly { model?: string; reason?: string }[]): string =>
    JSON.stringify(list.map(({ model, reason }) => [model, reason].join(': ')).sort());
  return facts(before as { model?: string; reason?: string }[]) === facts(now);
}
