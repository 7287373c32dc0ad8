import type structProto from 'google-protobuf/google/protobuf/struct_pb.js';
import { writeProperties, type Value } from '../../plugin/properties.ts';
import { DEFAULTS } from './naming.ts';
import type { ResourceShape } from './shape.ts';
import { sensitivePaths, type TerraformState } from './state.ts';
import { toPulumi } from './values.ts';

/**
 * The inputs that would have created an imported resource: all properties that a program can set and that have a value.
 * Empty values are left out.
 */
export function readImported(state: TerraformState, shape: ResourceShape): structProto.Struct {
  const values = toPulumi(state.value, shape);
  const settable = shape.fields.filter(({ required, optional }) => required || optional);
  const inputs: Record<string, Value> = { [DEFAULTS]: [] };
  for (const { pulumi, tf, required } of settable) {
    const value = values[pulumi];
    if (tf === 'id' || value === undefined) continue;
    const isEmpty =
      value === '' || value === false || value === 0 || (Array.isArray(value) && value.length === 0);
    if (required || !isEmpty) inputs[pulumi] = value;
  }
  return writeProperties(inputs, sensitivePaths(inputs, shape));
}
