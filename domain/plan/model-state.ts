/** The three states of a model of the catalogue in a stack. Pure. */

/** `not set`: its key is not set. `not deployed`: set, but not deployed yet. `served`: the deployed stack serves it. */
export type ModelState = 'served' | 'not deployed' | 'not set';

/** What decides the state. */
export interface StackModels {
  /** The aliases for which the stack has a key, or which need none. */
  withKey: ReadonlySet<string>;
  /** The aliases that the last `up` deployed. */
  deployed: ReadonlySet<string>;
}

/** The state of an alias. A model whose key was removed is served until the next `up`. */
export function modelState(alias: string, { withKey, deployed }: StackModels): ModelState {
  if (deployed.has(alias)) return 'served';
  return withKey.has(alias) ? 'not deployed' : 'not set';
}
