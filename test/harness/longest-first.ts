/**
 * The order in which jest runs files: those that take longest first, so that in the end no worker is left with a long one alone. Order is
 * all that this is about: no file may need another one before it.
 */

/** The long files, by their seconds on a quiet machine with two cores. */
export const LONG = [
  'test/e2e/layers.test.ts',
  'test/e2e/lifecycle.test.ts',
  'test/e2e/drill-command.test.ts',
  'test/e2e/stack.test.ts',
  'test/e2e/automation.test.ts',
  'toolchain/test/integration.test.ts',
  'test/e2e/opencode.test.ts',
  'test/e2e/bench.test.ts',
  'runtimes/gateway/test/hooks.test.ts',
  'test/e2e/agents-command.test.ts',
  'test/e2e/litellm-addresses.test.ts',
];

/**
 * Long files first, in the order of {@link LONG}; the others behind them, as they come.
 *
 * @param path of a file, of whatever kind it is.
 */
export function byLength<T>(tests: readonly T[], path: (test: T) => string): T[] {
  const rank = (test: T): number => {
    const index = LONG.findIndex((file) => path(test).endsWith(`/${file}`));
    return index < 0 ? LONG.length : index;
  };
  return tests.toSorted((a, b) => rank(a) - rank(b));
}
