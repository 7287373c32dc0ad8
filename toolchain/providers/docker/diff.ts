import { Unknown, type Value } from '../../plugin/properties.ts';
import { isEqual, unmatched } from './is-equal.ts';
import type { Field, ObjectShape, Shape } from './shape.ts';
import { isTimeouts } from './values.ts';

/** The change of one property. */
export interface Change {
  /** Its path in Pulumi's notation, such as `uploads[0].content`. */
  path: string;
  kind: 'add' | 'delete' | 'update';
}

/** The difference between the current state and the plan. */
export interface PlanDiff {
  /** Whether there is a difference. */
  changed: boolean;
  /** The changes to show. */
  changes: Change[];
}

/** Compares a resource's state with the state that the provider plans. */
export function diffPlan(prior: Value, planned: Value, config: Value, shape: ObjectShape): PlanDiff {
  const before = prior as Record<string, Value>;
  const after = planned as Record<string, Value>;
  const requested = config as Record<string, Value>;
  const differing = shape.fields.filter(
    (field) =>
      !isTimeouts(field) &&
      !isRecomputed(field, after[field.tf] ?? null, requested[field.tf] ?? null) &&
      !isEqual(before[field.tf] ?? null, after[field.tf] ?? null, field.shape),
  );
  return {
    changed: differing.length > 0,
    changes: differing.flatMap((field) =>
      changes(before[field.tf] ?? null, after[field.tf] ?? null, field.shape, field.pulumi),
    ),
  };
}

/** Whether the provider will compute the value and the program does not set it. */
function isRecomputed(field: Field, planned: Value, config: Value): boolean {
  return field.computed && planned instanceof Unknown && config === null;
}

function changes(before: Value, after: Value, shape: Shape, path: string): Change[] {
  // With a real change, other values may change from "" to null, which means the same: not shown.
  if (isEqual(before, after, shape, true)) return [];
  if (before === null) return [{ path, kind: 'add' }];
  if (after === null) return [{ path, kind: 'delete' }];
  if (before instanceof Unknown || after instanceof Unknown) return [{ path, kind: 'update' }];
  switch (shape.kind) {
    case 'object':
      return objectChanges(before, after, shape, path);
    case 'list':
    case 'set': {
      const [old, now] = [before as Value[], after as Value[]];
      const at = (index: number) => (shape.flat ? path : `${path}[${index}]`);
      const [gone, come] =
        shape.kind === 'set' ? unmatched(old, now, shape.element, true) : [[...old.keys()], [...now.keys()]];
      const both = gone.filter((index) => come.includes(index));
      return [
        ...both.flatMap((index) => changes(old[index] ?? null, now[index] ?? null, shape.element, at(index))),
        ...gone
          .filter((index) => !both.includes(index))
          .map((index): Change => ({ path: at(index), kind: 'delete' })),
        ...come
          .filter((index) => !both.includes(index))
          .map((index): Change => ({ path: at(index), kind: 'add' })),
      ];
    }
    case 'map': {
      const [old, now] = [before as Record<string, Value>, after as Record<string, Value>];
      return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) =>
        changes(old[key] ?? null, now[key] ?? null, shape.element, step(path, key)),
      );
    }
    default:
      return [{ path, kind: 'update' }];
  }
}

function objectChanges(before: Value, after: Value, shape: ObjectShape, path: string): Change[] {
  const [old, now] = [before as Record<string, Value>, after as Record<string, Value>];
  return shape.fields.flatMap(({ tf, pulumi, shape: of }) => {
    const [was, is] = [old[tf] ?? null, now[tf] ?? null];
    return changes(was, is, of, `${path}.${pulumi}`);
  });
}

/** Pulumi writes a key that is not an identifier in brackets. */
function step(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
