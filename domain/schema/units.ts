import { z } from 'zod';

const units = z.registry<{ unit: string }>();

/** Gives a number a unit for messages. Call it on the schema that has its bounds, but no default and no description yet. */
export function inUnit<T extends z.ZodType>(unit: string, schema: T): T {
  units.add(schema, { unit });
  return schema;
}

/** The unit that a number was given by {@link inUnit}, in the plural; undefined where it is a plain count. */
export function unitOf(schema: z.core.$ZodType): string | undefined {
  return units.get(schema)?.unit;
}
