/** Messages about unknown names in a stack's settings. */
import { nearKeyName } from '../diagnostics/near-key-name.ts';
import { didYouMean, listNames } from '../diagnostics/suggest.ts';
import { FURTHER_KEYS } from '../schema/provider-key-names.ts';

/**
 * The message about a name that is neither a setting nor a known key, and the command that fixes it.
 *
 * @param catalogKeys the first key of each provider; left out where there is no readable catalogue.
 */
export function explainUnknown(
  name: string,
  settings: readonly string[],
  catalogKeys?: readonly string[],
): { message: string; fix: string } {
  if (/_API_KEY|^[A-Z0-9_]+$/.test(name)) {
    const keys = catalogKeys ?? [];
    const allowed = catalogKeys ? listNames(keys) : 'names that end in _API_KEY';
    const near = nearKeyName(name, keys)?.name;
    const numbered = /_API_KEY_\d+$/.test(name) && keys.includes(name.replace(/_\d+$/, ''));
    const hint = numbered
      ? `; further keys are numbered ${FURTHER_KEYS};`
      : near === undefined
        ? ';'
        : `; did you mean "${near}"?`;
    return {
      message: `unknown provider key${hint} allowed: ${allowed}`,
      fix: `pulumi config rm ${name}${near && !numbered ? ` && pulumi config set --secret ${near}` : ''}`,
    };
  }
  const hint = didYouMean(name, settings) || ';';
  return {
    message: `unknown setting${hint} allowed: ${listNames(settings)}, and the providers' keys as secrets`,
    fix: `pulumi config rm ${name}`,
  };
}
