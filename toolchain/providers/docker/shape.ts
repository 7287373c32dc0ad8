import { pulumiName } from './terraform-names.ts';
import type { WireAttribute, WireBlock, WireSchema } from './tfplugin.ts';

/** The type of a Terraform value and of the corresponding Pulumi value. */
export type Shape =
  | { kind: 'string' | 'number' | 'bool' }
  /** `flat`: at most one element, which Pulumi has without a list around it. */
  | { kind: 'list' | 'set'; element: Shape; flat: boolean; block: boolean }
  | { kind: 'map'; element: Shape }
  | ObjectShape;

/** An object: a resource, a block or an object-typed attribute. */
export interface ObjectShape {
  kind: 'object';
  fields: Field[];
}

/** One attribute or block of an object. */
export interface Field {
  /** Terraform's name. */
  tf: string;
  /** Pulumi's name. */
  pulumi: string;
  shape: Shape;
  required: boolean;
  optional: boolean;
  computed: boolean;
  sensitive: boolean;
  block: boolean;
}

/** A resource type (or the provider's own configuration) in the names of both sides. */
export interface ResourceShape extends ObjectShape {
  /** Terraform's type, such as `docker_container`. */
  type: string;
  /** The version of the schema, kept with the state. */
  version: number;
}

/** The attribute types of the wire, in JSON. */
type WireType = string | [string, WireType] | ['object', Record<string, WireType>];

const SINGLE = 1;
const NESTING: Record<number, 'list' | 'set' | 'map'> = { 2: 'list', 3: 'set', 4: 'map' };

/** Reads a provider's schema. */
export function resourceShape(type: string, schema: WireSchema): ResourceShape {
  return { type, version: schema.version, ...blockShape(type, schema.block) };
}

function blockShape(path: string, block: WireBlock): ObjectShape {
  return {
    kind: 'object',
    fields: [
      ...block.attributes.map((attribute) => attributeField(path, attribute)),
      ...block.block_types.map((nested): Field => {
        const at = `${path}.${nested.type_name}`;
        const element = blockShape(at, nested.block);
        const nesting = NESTING[nested.nesting];
        const shape: Shape =
          nesting === undefined
            ? element
            : nesting === 'map'
              ? { kind: 'map', element }
              : { kind: nesting, element, flat: nested.max_items === 1, block: true };
        return {
          ...field(path, nested.type_name, shape),
          optional: true,
          block: true,
        };
      }),
    ],
  };
}

function attributeField(path: string, attribute: WireAttribute): Field {
  const at = `${path}.${attribute.name}`;
  const nested = attribute.nested_type;
  let shape: Shape;
  if (nested) {
    const element: ObjectShape = {
      kind: 'object',
      fields: nested.attributes.map((inner) => attributeField(at, inner)),
    };
    const nesting = nested.nesting === SINGLE ? undefined : NESTING[nested.nesting];
    shape =
      nesting === undefined
        ? element
        : nesting === 'map'
          ? { kind: 'map', element }
          : { kind: nesting, element, flat: false, block: false };
  } else {
    shape = typeShape(at, JSON.parse(Buffer.from(attribute.type).toString('utf8')) as WireType);
  }
  const { required, optional, computed, sensitive } = attribute;
  return { ...field(path, attribute.name, shape), required, optional, computed, sensitive };
}

function typeShape(path: string, type: WireType): Shape {
  if (type === 'string' || type === 'number' || type === 'bool') return { kind: type };
  if (Array.isArray(type)) {
    const [kind, inner] = type;
    if (kind === 'list' || kind === 'set') {
      return { kind, element: typeShape(path, inner), flat: false, block: false };
    }
    if (kind === 'map') return { kind, element: typeShape(path, inner) };
    if (kind === 'object') {
      const fields = Object.entries(inner as Record<string, WireType>).map(([name, of]) =>
        field(path, name, typeShape(`${path}.${name}`, of)),
      );
      return { kind, fields };
    }
  }
  throw new Error(`${path}: the bridge does not support Terraform's type ${JSON.stringify(type)}`);
}

function field(path: string, tf: string, shape: Shape): Field {
  const repeated = (shape.kind === 'list' || shape.kind === 'set') && !shape.flat;
  return {
    tf,
    pulumi: pulumiName(path, tf, repeated),
    shape,
    required: false,
    optional: false,
    computed: false,
    sensitive: false,
    block: false,
  };
}
