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
