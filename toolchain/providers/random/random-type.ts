import type { Value } from '../../plugin/properties.ts';

/** A kind of random value: what it takes, what it makes. */
export interface RandomType {
  /** The inputs and what they are when the program does not say. */
  inputs: Record<string, Value | undefined>;
  /** The outputs beside the inputs; those named here are secret. */
  outputs: Record<string, 'plain' | 'secret'>;
  /** Says what is wrong with the inputs: property and reason. */
  check: (inputs: Record<string, Value>) => [property: string, reason: string][];
  /** Brings inputs that mean the same into the same form. */
  normalize?: (inputs: Record<string, Value>) => Record<string, Value>;
  /** Draws a value. */
  create: (inputs: Record<string, Value>) => { id: string; outputs: Record<string, Value> };
}
