/** The entry of a developer's script. */
import { describeError, toUserError } from '../console/errors.ts';

/** Runs a script. A user's mistake is printed in the same form as by `./switchyard`, with exit code 1; any other error keeps its stack trace. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const known = toUserError(error);
    if (known === undefined) throw error;
    process.stderr.write(`${describeError(known)}\n`);
    process.exitCode = 1;
  }
}
