/** `connect --off`: takes everything of ours out of the clients' files. Needs neither Pulumi nor a network. */
import { disconnect } from '../client/connect-files.ts';
import { describeDisconnected } from '../client/connect-text.ts';
import type { Disconnected } from '../client/connect-types.ts';
import type { ToolName } from '../client/tools/all-tools.ts';
import { disconnectTool } from '../client/tools/connect-tool.ts';
import type { Output } from '../console/output.ts';
import { placeOf } from './connect-clients.ts';

/**
 * Takes ours out of the clients' files.
 *
 * @param stack only what belongs to this stack; by default to any.
 * @throws UserError if a file is malformed or cannot be written; nothing of that client is changed then.
 */
export async function connectOff(
  out: Output,
  stack: string | undefined,
  { clients, dir }: { clients: readonly ('opencode' | ToolName)[]; dir?: string | undefined },
): Promise<void> {
  const place = await placeOf(dir);
  const results: Disconnected[] = [];
  for (const client of clients) {
    const result =
      client === 'opencode' ? await disconnect({ dir }, stack) : await disconnectTool(client, place, stack);
    for (const note of result?.notes ?? []) out.warn(`${client}: ${note}`);
    if (result !== undefined) results.push(result);
  }
  const of = stack === undefined ? 'Switchyard' : `stack ${stack}`;
  out.result(
    { disconnected: results },
    results.map(describeDisconnected).join('\n') ||
      `nothing of ${of} is in the files of ${clients.join(', ')}`,
  );
}
