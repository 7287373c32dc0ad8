/** Writes the files of a client other than opencode. */
import { delimiter, join } from 'node:path';
import { access as mayAccess, constants } from 'node:fs/promises';
import type { GatewayAccess } from '../../domain/render/gateway-access.ts';
import type { PlannedClient } from '../change-clients.ts';
import { readClientRecord } from '../client-record.ts';
import type { Disconnected } from '../connect-types.ts';
import { readManaged } from '../managed-files.ts';
import { isSameOwner } from '../read-opencode.ts';
import { changedNotes, planManaged } from '../plan-managed.ts';
import type { Owner } from '../client-record.ts';
import { TOOLS, type ToolName } from './all-tools.ts';
import type { Place, Tool } from './tool.ts';

/** What was written for a client, as `--json` prints it. Contains no key. */
export interface ConnectedTool {
  client: ToolName;
  stack: string;
  /** The alias of the stack's key in the files. */
  key?: string;
  /** The stack that the files belonged to before, if that was another one. */
  switchedFrom?: string;
  /** Each file, and whether it changed. */
  files: { path: string; changed: boolean }[];
  /** Files of ours that were removed. */
  removed: string[];
  notes: string[];
  /** The alias that it uses by default. */
  model: string;
  /** A command with which to try it. */
  try: string;
}

/**
 * Plans how the gateway is merged into a client's files. The user's own values stay, or are restored when ours are taken out.
 *
 * @throws UserError if a file is malformed or cannot be read.
 */
export async function planTool(
  client: ToolName,
  access: GatewayAccess,
  owner: Owner,
  place: Place,
): Promise<PlannedClient<ConnectedTool>> {
  const tool = TOOLS[client](place);
  const wanted = tool.files(access);
  const formats = Object.fromEntries(wanted.map(({ path, format }) => [path, format]));
  const state = await readManaged(tool.record, formats);
  const plan = planManaged(state, owner, wanted);
  const before = state.record?.owner;
  const result = async (copies: readonly string[]): Promise<ConnectedTool> => ({
    client,
    stack: access.stack,
    ...(owner.key === undefined ? {} : { key: owner.key }),
    ...(before && !isSameOwner(before, owner) ? { switchedFrom: before.stack } : {}),
    files: plan.files,
    removed: plan.removed,
    notes: [
      ...(state.problem === undefined
        ? []
        : [`${tool.record} was unreadable and was recreated: ${state.problem}`]),
      ...plan.replaced.map(({ path, at }) => `${path}: your ${at.join('.')} was replaced`),
      ...(copies.length > 0 ? [`your previous version was saved to ${copies.join(' and ')}`] : []),
      ...tool.conflicts(access, (path) => state.files[path]?.users),
      ...(await notInstalled(tool, place)),
    ],
    model: access.model,
    try: tool.tryIt,
  });
  return { plan, result };
}

/**
 * Plans how everything of ours is taken out of a client's files, so that they are the user's own again.
 *
 * @param stack only if they belong to this stack; by default to any.
 * @returns undefined if there is nothing of ours, or of that stack.
 * @throws UserError if a file is malformed or cannot be read.
 */
export async function planToolOff(
  client: ToolName,
  place: Place,
  stack?: string,
): Promise<PlannedClient<Disconnected> | undefined> {
  const state = await readManaged(TOOLS[client](place).record, {});
  const owner = state.record?.owner;
  if (owner === undefined || (stack !== undefined && owner.stack !== stack)) return undefined;
  const plan = planManaged(state, undefined, []);
  const { files, removed } = plan;
  return { plan, result: () => ({ client, stack: owner.stack, files, removed, notes: changedNotes(plan) }) };
}

async function notInstalled({ program, install }: Tool, { env }: Place): Promise<string[]> {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const found = await Promise.all(
    folders.map((folder) =>
      mayAccess(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true) ? [] : [`${program} is not on the PATH: ${install}`];
}

/** The clients whose files belong to a stack, each with the owner that its record names. */
export async function connectedTools(
  owner: Owner,
  place: Place,
): Promise<{ client: ToolName; owner: Owner }[]> {
  const names = Object.keys(TOOLS) as ToolName[];
  const records = await Promise.all(names.map((name) => readClientRecord(TOOLS[name](place).record)));
  return names.flatMap((client, index) => {
    const before = records[index]?.record?.owner;
    return before !== undefined && isSameOwner(before, owner) ? [{ client, owner: before }] : [];
  });
}
