import type { Value } from '../../plugin/properties.ts';

/** A type of random value: its inputs and outputs. */
export interface RandomType {
  /** The inputs and their defaults. */
  inputs: Record<string, Value | undefined>;
  /** The outputs beside the inputs, and which are secret. */
  outputs: Record<string, 'plain' | 'secret'>;
  /** Validates the inputs; returns property and reason of each error. */
  check: (inputs: Record<string, Value>) => [property: string, reason: string][];
  /** Converts equivalent inputs to the same form. */
  normalize?: (inputs: Record<string, Value>) => Record<string, Value>;
  /** Generates a value. */
  create: (inputs: Record<string, Value>) => { id: string; outputs: Record<string, Value> };
}
