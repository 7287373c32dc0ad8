/** Checks whether models of the catalogue are retired. Pure: today is an argument, so that tests do not depend on the calendar. */
import { type LitellmFacts, litellmFacts, priceMapEntry } from '../facts/litellm-facts.ts';
import type { Problem } from '../diagnostics/problems.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';

/** How many days before a model's retirement the warnings begin. */
export const WARN_DAYS = 90;

/** A model's known retirement date. */
export interface Retirement {
  alias: string;
  /** The day of its retirement: YYYY-MM-DD. */
  retires: string;
  /** Negative after that day. */
  daysLeft: number;
  /** The catalogue accepts the retirement by model and date (`acceptRetired`). */
  accepted: boolean;
}

/** The known retirement dates of the catalogue's models. A model without a known date may be retired all the same. */
export function retirements(
  catalog: Catalog,
  today: string,
  facts: LitellmFacts = litellmFacts,
): Retirement[] {
  return Object.entries(catalog.models).flatMap(([alias, model]) => {
    const retires = priceMapEntry(catalog, model, facts)?.retires;
    if (retires === undefined) return [];
    const { acceptRetired } = model;
    const accepted = acceptRetired?.model === model.model && acceptRetired.date === retires;
    return [{ alias, retires, daysLeft: daysBetween(today, retires), accepted }];
  });
}

/**
 * A warning for each model that retires within {@link WARN_DAYS} days, and an error for each retired one, unless the catalogue accepts that
 * by model and date.
 *
 * @param today YYYY-MM-DD.
 */
export function checkRetirements(
  catalog: Catalog,
  source: Source,
  today: string,
  facts: LitellmFacts = litellmFacts,
): Problem[] {
  const known = new Map(retirements(catalog, today, facts).map((one) => [one.alias, one]));
  return Object.entries(catalog.models).flatMap(([alias, model]) => {
    const life = known.get(alias);
    const { acceptRetired } = model;
    const at = ['models', alias, 'model'];
    if (acceptRetired && !life?.accepted) {
      const found = life
        ? `${model.model} retires on ${life.retires}`
        : `the price map has no date for ${model.model}`;
      const message = `this accepts ${acceptRetired.model} of ${acceptRetired.date}, but ${found}`;
      return [source.problem(['models', alias, 'acceptRetired'], message)];
    }
    if (life === undefined || life.accepted || life.daysLeft > WARN_DAYS) return [];
    const { retires, daysLeft } = life;
    const accept = `acceptRetired: { model: ${model.model}, date: ${retires} }`;
    if (daysLeft > 0) {
      const message = `${model.model} retires on ${retires}, in ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'}`;
      const fix = `choose a successor (./switchyard models), and keep this id under "supersedes"`;
      return [source.problem(at, message, { severity: 'warning', value: true, fix })];
    }
    const message = `${model.model} was retired on ${retires}`;
    const fix = `choose a successor (./switchyard models), or keep serving it with ${accept}`;
    return [source.problem(at, message, { value: true, fix })];
  });
}

/** Whole days from one day to another. */
function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}
