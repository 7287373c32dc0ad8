import type { Remedy } from './remedy.ts';

/** Models that are left out for one reason. */
export interface LeftOutGroup {
  reason: string;
  /** What brings them; undefined where an older deployment did not say. */
  command?: string | undefined;
  models: string[];
}

/** Models that are left out, by the reason, in their order: one key is often what several want. */
export function groupLeftOut(
  leftOut: readonly (Pick<Remedy, 'reason'> & Partial<Remedy> & { model: string })[],
): LeftOutGroup[] {
  return [...Map.groupBy(leftOut, ({ reason }) => reason)].map(([reason, models]) => ({
    reason,
    command: models[0]?.command,
    models: models.map(({ model }) => model),
  }));
}

/** `gpt-4, gpt-4-turbo: OPENAI_API_KEY is not set` */
export function describeLeftOut({ models, reason }: LeftOutGroup): string {
  return `${models.join(', ')}: ${reason}`;
}
