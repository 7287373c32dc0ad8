import { z } from 'zod';

const units = z.registry<{ unit: string }>();

/** A number with its unit, which messages name. Bounds come before it, default and description after it. */
export function inUnit<T extends z.ZodType>(unit: string, schema: T): T {
  units.add(schema, { unit });
  return schema;
}

/** The unit that a number was given by {@link inUnit}, in the plural; undefined where it counts things. */
export function unitOf(schema: z.core.$ZodType): string | undefined {
  return units.get(schema)?.unit;
}
