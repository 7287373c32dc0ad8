/** Which variables of the user a client that runs models' commands inherits. Pure. */

/**
 * What programs need to run at all: where they are, the terminal, the language, the time zone, and the network's proxies and certificates.
 * Everything else may be a credential, and a model runs commands in this environment.
 */
const INHERITED =
  /^(PATH|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLORTERM|NO_COLOR|TMPDIR|(HTTPS?|ALL|NO)_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/i;

/** Never passed on: opencode's own would override the given files, and Pulumi's decrypt every key of a stack. */
const NEVER_INHERITED = /^(OPENCODE|PULUMI)_/;

/**
 * The part of an environment that is passed on.
 *
 * @param names further variables that the user names.
 */
export function inheritedEnvironment(
  env: NodeJS.ProcessEnv,
  names: readonly string[] = [],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (one): one is [string, string] =>
        one[1] !== undefined &&
        !NEVER_INHERITED.test(one[0]) &&
        (INHERITED.test(one[0]) || names.includes(one[0])),
    ),
  );
}
