/** `connect --off`: takes everything of ours out of the clients' files. Needs neither Pulumi nor a network. */
import { changeClients } from '../client/change-clients.ts';
import { planDisconnect } from '../client/connect-files.ts';
import { describeDisconnected, STAYS_OFF } from '../client/connect-text.ts';
import type { Disconnected } from '../client/connect-types.ts';
import type { ToolName } from '../client/tools/all-tools.ts';
import { planToolOff } from '../client/tools/connect-tool.ts';
import type { Output } from '../console/output.ts';
import { placeOf } from './connect-clients.ts';

/**
 * Takes ours out of the clients' files.
 *
 * @param stack only what belongs to this stack; by default to any.
 * @throws UserError if a file is malformed or cannot be read or written; nothing of any client is changed then.
 */
export async function connectOff(
  out: Output,
  stack: string | undefined,
  { clients, dir }: { clients: readonly ('opencode' | ToolName)[]; dir?: string | undefined },
): Promise<void> {
  const place = await placeOf(dir);
  const all = await changeClients<'opencode' | ToolName, Disconnected | undefined>(clients, (client) =>
    client === 'opencode' ? planDisconnect({ dir }, stack) : planToolOff(client, place, stack),
  );
  const results = all.filter((one) => one !== undefined);
  for (const { client, notes } of results) for (const note of notes) out.warn(`${client}: ${note}`);
  const of = stack === undefined ? 'Switchyard' : `stack ${stack}`;
  const isRecorded = stack === undefined && clients.includes('opencode');
  out.result(
    { disconnected: results },
    results.map(describeDisconnected).join('\n') ||
      `nothing of ${of} is in the files of ${clients.join(', ')}${isRecorded ? `; ${STAYS_OFF}` : ''}`,
  );
}
