import { Unknown, type Value } from '../../plugin/properties.ts';
import type { Shape } from './shape.ts';

/**
 * Whether two Terraform values of one shape are equal. The order of a set does not matter. Unknown equals nothing.
 *
 * @param lenient treats null as equal to what an older Terraform type system writes instead ("", 0, false)
 */
export function isEqual(a: Value, b: Value, shape: Shape, lenient = false): boolean {
  if (lenient && isEmpty(a) && isEmpty(b)) return true;
  if (a instanceof Unknown || b instanceof Unknown) return false;
  if (a === null || b === null) return a === b;
  switch (shape.kind) {
    case 'list': {
      const [left, right] = [a as Value[], b as Value[]];
      return (
        left.length === right.length &&
        left.every((value, index) => isEqual(value, right[index] ?? null, shape.element, lenient))
      );
    }
    case 'set':
      return unmatched(a as Value[], b as Value[], shape.element, lenient).every((side) => side.length === 0);
    case 'map': {
      const [left, right] = [a as Record<string, Value>, b as Record<string, Value>];
      const keys = Object.keys(left);
      return (
        keys.length === Object.keys(right).length &&
        keys.every(
          (key) => key in right && isEqual(left[key] ?? null, right[key] ?? null, shape.element, lenient),
        )
      );
    }
    case 'object': {
      const [left, right] = [a as Record<string, Value>, b as Record<string, Value>];
      return shape.fields.every(({ tf, shape: of }) =>
        isEqual(left[tf] ?? null, right[tf] ?? null, of, lenient),
      );
    }
    case 'number':
      return Number(a) === Number(b);
    default:
      return a === b;
  }
}

/** The indexes of the elements of two sets that the other one does not have. */
export function unmatched(a: Value[], b: Value[], element: Shape, lenient = false): [number[], number[]] {
  const right = new Set(b.keys());
  const left: number[] = [];
  a.forEach((value, index) => {
    const match = [...right].find((at) => isEqual(value, b[at] ?? null, element, lenient));
    if (match === undefined) left.push(index);
    else right.delete(match);
  });
  return [left, [...right]];
}

/** Whether the value is null, or what an older Terraform type system writes instead. */
function isEmpty(value: Value): boolean {
  if (value === null || value === '' || value === 0 || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}
