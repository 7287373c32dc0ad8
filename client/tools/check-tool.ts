/** `connect --check` for a client other than opencode. Changes nothing. */
import { gatewayAccess } from '../../domain/render/gateway-access.ts';
import { GATEWAY } from '../../domain/plan/lanes.ts';
import { UserError } from '../../console/errors.ts';
import { type Deployed, gatewayProblems, problemOf } from '../check-connected.ts';
import { connectCommand } from '../connect-text.ts';
import type { Checked, Problem } from '../connect-types.ts';
import { readManaged } from '../managed-files.ts';
import { planManaged } from '../plan-managed.ts';
import { TOOLS, type ToolName } from './all-tools.ts';
import type { Place } from './tool.ts';

/**
 * Checks a client's files: which stack they belong to, whether they are current, and whether the gateway answers.
 *
 * @param stack the stack that they should belong to; by default any.
 * @param deployed reads a stack's files from its outputs, with the key that the record names.
 * @throws UserError if a file is malformed.
 */
export async function checkTool(
  client: ToolName,
  place: Place,
  stack: string | undefined,
  deployed: Deployed,
): Promise<Checked> {
  const tool = TOOLS[client](place);
  const { record } = await readManaged(tool.record, {});
  const { key } = record?.owner ?? {};
  const fix = `${connectCommand(stack ?? record?.owner.stack ?? 'dev', { key })} --client ${client}`;
  if (record === undefined)
    return { client, problems: [{ what: 'its files have nothing of Switchyard', command: fix }] };
  const { owner } = record;
  if (stack !== undefined && owner.stack !== stack) {
    const what = `the files belong to stack ${owner.stack}, not to ${stack}`;
    return { client, stack: owner.stack, problems: [{ what, command: fix }] };
  }
  return { client, stack: owner.stack, problems: await problemsOf() };

  async function problemsOf(): Promise<Problem[]> {
    try {
      const files = await deployed(owner);
      const access = gatewayAccess(owner.stack, files.config, files.auth);
      if (access === undefined) return [{ what: `stack ${owner.stack} serves no model for a client` }];
      const wanted = tool.files(access);
      const state = await readManaged(
        tool.record,
        Object.fromEntries(wanted.map(({ path, format }) => [path, format])),
      );
      return [
        ...planManaged(state, owner, wanted).changes.map(({ path }) => ({
          what: `${path} is not current`,
          command: fix,
        })),
        ...(await gatewayProblems({ ...files.config.provider[GATEWAY] }, access.key, owner.stack, fix)),
        ...tool.conflicts(access, (path) => state.files[path]?.users).map((what) => ({ what })),
      ];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return [problemOf(error)];
    }
  }
}
