/**
 * The order in which jest runs files: the longest first, so that at the end no worker is left alone with a long one. It only affects the
 * duration: no file may depend on another one having run before.
 */

/** The long files, by their seconds on a quiet machine with two cores. */
export const LONG = [
  'test/e2e/layers.test.ts',
  'test/e2e/lifecycle.test.ts',
  'test/e2e/drill-command.test.ts',
  'test/e2e/automation.test.ts',
  'test/e2e/stack.test.ts',
  'test/e2e/budgets.test.ts',
  'runtimes/gateway/test/hooks.test.ts',
  'toolchain/test/integration.test.ts',
  'test/e2e/opencode.test.ts',
  'runtimes/gateway/test/whole-gateway.test.ts',
  'test/e2e/agents-command.test.ts',
  'runtimes/edge/test/haproxy-image.test.ts',
  'test/e2e/bench.test.ts',
  'test/e2e/litellm-addresses.test.ts',
  'runtimes/portkey/test/portkey-image.test.ts',
  'test/unit/bootstrap/launcher-script.test.ts',
  'runtimes/portkey/test/portkey-watchdog.test.ts',
  'test/unit/bootstrap/lock.test.ts',
  'test/unit/client/opencode-values.test.ts',
  'test/unit/client/client-sequences.test.ts',
];

/**
 * Sorts long files first, in the order of {@link LONG}; the others follow in their given order.
 *
 * @param path returns the path of a test.
 */
export function byLength<T>(tests: readonly T[], path: (test: T) => string): T[] {
  const rank = (test: T): number => {
    const index = LONG.findIndex((file) => path(test).endsWith(`/${file}`));
    return index < 0 ? LONG.length : index;
  };
  return tests.toSorted((a, b) => rank(a) - rank(b));
}
