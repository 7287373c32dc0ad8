/** `connect --check`: reports whether the clients' files work, and exits with 1 if not. */
import { checkOpencode, problemOf } from '../client/check-connected.ts';
import type { Owner } from '../client/client-record.ts';
import { clientWithKey } from '../client/client-with-key.ts';
import { describeChecked } from '../client/connect-text.ts';
import type { Checked } from '../client/connect-types.ts';
import type { ToolName } from '../client/tools/all-tools.ts';
import { checkTool } from '../client/tools/check-tool.ts';
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { requireStack } from '../engine/stack-name.ts';
import { currentOutputs } from '../keys/current-outputs.ts';
import { placeOf } from './connect-clients.ts';

/** What to check. */
interface CheckOptions {
  clients: readonly ('opencode' | ToolName)[];
  /** The folder of the files, instead of the clients' own ones. */
  dir?: string | undefined;
  /** Leave out clients that are not connected, unless none is. */
  onlyConnected: boolean;
}

/**
 * Checks the files of these clients. A file that cannot be read is the result of its client.
 *
 * @param stack the stack that they should belong to; by default any.
 */
export async function connectCheck(
  out: Output,
  stack: string | undefined,
  { clients, dir, onlyConnected }: CheckOptions,
): Promise<void> {
  const place = await placeOf(dir);
  const deployed = async ({ stack: name, key }: Owner) => {
    // Reading the outputs of a stack that does not exist would create a passphrase for it.
    await requireStack(name);
    return clientWithKey(name, await currentOutputs(name), key);
  };
  const results: Checked[] = [];
  const unreadable: Checked[] = [];
  for (const client of clients)
    try {
      results.push(
        client === 'opencode'
          ? await checkOpencode({ dir }, stack, deployed)
          : await checkTool(client, place, stack, deployed),
      );
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const result = { client, problems: [problemOf(error)] };
      results.push(result);
      unreadable.push(result);
    }
  const connected = results.filter((one) => one.stack !== undefined || unreadable.includes(one));
  const shown = !onlyConnected ? results : connected.length > 0 ? connected : results.slice(0, 1);
  out.result({ clients: shown }, shown.map(describeChecked).join('\n'));
  if (shown.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}
