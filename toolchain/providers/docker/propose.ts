import { Unknown, type Value } from '../../plugin/properties.ts';
import { isEqual } from './is-equal.ts';
import type { ObjectShape, Shape } from './shape.ts';

/**
 * The state that Terraform's core proposes to a provider before planning: the configuration, and for values that are
 * not configured and that the provider computes, the prior value.
 *
 * @param prior the state before, `null` when the resource is new
 */
export function proposedState(prior: Value, config: Value, shape: ObjectShape): Value {
  const before = (prior ?? {}) as Record<string, Value>;
  const requested = config as Record<string, Value>;
  return Object.fromEntries(
    shape.fields.map((field) => {
      const set = requested[field.tf] ?? null;
      const was = before[field.tf] ?? null;
      if (field.block) return [field.tf, proposedBlocks(was, set, field.shape)];
      return [field.tf, set === null && field.computed ? was : set];
    }),
  );
}

function proposedBlocks(prior: Value, config: Value, shape: Shape): Value {
  if (config === null || config instanceof Unknown) return config;
  switch (shape.kind) {
    case 'object':
      return proposedState(prior, config, shape);
    case 'map':
      return Object.fromEntries(
        Object.entries(config).map(([key, value]) => [
          key,
          proposedBlocks(
            (prior as Record<string, Value> | null)?.[key] ?? null,
            value as Value,
            shape.element,
          ),
        ]),
      );
    case 'list':
      return (config as Value[]).map((value, index) =>
        proposedBlocks((prior as Value[] | null)?.[index] ?? null, value, shape.element),
      );
    case 'set': {
      const left = [...((prior as Value[] | null) ?? [])];
      return (config as Value[]).map((value) => {
        // The same element: it differs only in values that the provider computed.
        const at = left.findIndex((was) =>
          isEqual(was, proposedBlocks(was, value, shape.element), shape.element),
        );
        return proposedBlocks(at < 0 ? null : (left.splice(at, 1)[0] ?? null), value, shape.element);
      });
    }
    default:
      return config;
  }
}
