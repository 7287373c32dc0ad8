/** Plans an import of keys: which keys of an env file change the stack. Pure. */
import type { ChosenKeys } from './choose-keys.ts';
import type { EnvVariable } from './env-file.ts';

/** What an import does with each line of the file. Apart from `set`: names and line numbers, never a value. */
export interface ImportPlan extends Omit<ChosenKeys, 'keys'> {
  /** New or changed keys. */
  set: EnvVariable[];
  /** Keys that the stack has already with the same value. */
  unchanged: string[];
}

/**
 * Plans the import of keys.
 *
 * @param present the stack's secrets, decrypted.
 */
export function planImport(
  { keys, ...rest }: ChosenKeys,
  present: Readonly<Record<string, string>>,
): ImportPlan {
  const isSet = ({ name, value }: EnvVariable): boolean => present[name] === value;
  return {
    ...rest,
    set: keys.filter((key) => !isSet(key)),
    unchanged: keys.filter(isSet).map(({ name }) => name),
  };
}
