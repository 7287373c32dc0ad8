import type { Value } from '../plugin/properties.ts';
import type { ObjectShape, Shape } from '../providers/docker/shape.ts';
import { isTimeouts } from '../providers/docker/values.ts';

/** A value of a shape, with one element in every list; an allowed value where the provider restricts them. */
export function sample(shape: Shape, name = ''): Value {
  switch (shape.kind) {
    case 'object':
      return sampleObject(shape);
    case 'list':
    case 'set':
      return shape.flat ? sample(shape.element, name) : [sample(shape.element, name)];
    case 'map':
      return { key: sample(shape.element, name) };
    case 'number':
      return 1;
    case 'bool':
      return true;
    default:
      return `a-${name}`;
  }
}

function sampleObject({ fields }: ObjectShape): Record<string, Value> {
  return Object.fromEntries(
    fields
      .filter((field) => !isTimeouts(field))
      .map(({ pulumi, shape }): [string, Value] => [pulumi, sample(shape, pulumi)]),
  );
}

/** Adds to a value and to every object in it what no schema of this provider has. */
export function withForeign(value: Value, shape: Shape): Value {
  switch (shape.kind) {
    case 'object': {
      const known = value as Record<string, Value>;
      const inner = shape.fields.flatMap(({ pulumi, shape: of }): [string, Value][] =>
        known[pulumi] === undefined || known[pulumi] === null
          ? []
          : [[pulumi, withForeign(known[pulumi], of)]],
      );
      return { ...known, ...Object.fromEntries(inner), ...FOREIGN };
    }
    case 'list':
    case 'set':
      return shape.flat
        ? withForeign(value, shape.element)
        : (value as Value[]).map((element) => withForeign(element, shape.element));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Record<string, Value>).map(([key, element]) => [
          key,
          withForeign(element, shape.element),
        ]),
      );
    default:
      return value;
  }
}

/** What a newer plugin might know of anything. */
export const FOREIGN: Record<string, Value> = {
  futureText: 'x',
  futureNumber: 7,
  futureList: [{ a: 1 }],
  futureObject: { token: 'not for everybody', list: [true] },
};
