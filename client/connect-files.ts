/** `connect` without the command line: writes the client's files of a stack, unless they belong to another one. */
import { providerOf } from '../domain/plan/lanes.ts';
import { ROOT } from '../console/home-paths.ts';
import { changeClients, type PlannedClient } from './change-clients.ts';
import { type ClientFiles, gatewayOnly } from './client-files.ts';
import { opencodeCommand } from './client-home.ts';
import { connectCommand, tryIt } from './connect-text.ts';
import type { Connected, ConnectedOrNot, ConnectOptions, Disconnected } from './connect-types.ts';
import { type ClientPaths, opencodePaths, pathsInFolder } from './opencode-paths.ts';
import { isSameOwner, readOpencode } from './read-opencode.ts';
import { OFF_RECORD, type Owner } from './client-record.ts';
import { planOff, planOpencode, writtenOf } from './write-opencode.ts';

/** Options of {@link connect}, including those that other commands set. */
export interface WriteAs extends ConnectOptions {
  /** The owner of the files; by default the stack, by name only. */
  owner?: Owner | undefined;
}

/**
 * Writes the client's files. Needs no network.
 *
 * @param files the stack's output.
 * @throws UserError if a file of the user is malformed; nothing is changed then.
 */
export async function connect(stack: string, files: ClientFiles, options: WriteAs = {}): Promise<Connected> {
  const [connected] = await changeClients([stack], () => planConnect(stack, files, options));
  return connected!;
}

/**
 * Plans what {@link connect} writes.
 *
 * @throws UserError if a file of the user is malformed.
 */
export async function planConnect(
  stack: string,
  files: ClientFiles,
  options: WriteAs,
): Promise<PlannedClient<Connected>> {
  const paths = await pathsOf(options);
  const chosen = options.gatewayOnly ? gatewayOnly(files) : files;
  const { owner = { stack } } = options;
  const state = await readOpencode(paths);
  const before = state.owner;
  const plan = planOpencode(state, chosen, { known: files.known ?? files.auth, owner });
  const { enabled_providers: withKey, disabled_providers: withoutKey, model } = chosen.config;
  const byUser = plan.switchedOff.map(({ provider }) => provider);
  const on = withKey.filter((name) => !byUser.includes(name));
  const command = tryIt(paths, chosen, on, options, await opencodeCommand(ROOT));
  return {
    plan,
    result: (copies) => ({
      stack,
      ...(owner.key === undefined ? {} : { key: owner.key }),
      ...(before && !isSameOwner(before, owner) ? { switchedFrom: before.stack } : {}),
      ...writtenOf(plan, copies),
      on,
      off: [...byUser, ...withoutKey],
      ...(model && on.includes(providerOf(model)) ? { model } : {}),
      try: command,
    }),
  };
}

/**
 * Plans how everything of ours is taken out of opencode's files, so that they are the user's own again. It is recorded, so that no `up`
 * writes them again before the next `connect`.
 *
 * @param stack only if they belong to this stack; by default to any.
 * @returns undefined if there is nothing of that stack. Its result is undefined if there is nothing of ours.
 * @throws UserError if a file of the user is malformed.
 */
export async function planDisconnect(
  options: ConnectOptions = {},
  stack?: string,
): Promise<PlannedClient<Disconnected | undefined> | undefined> {
  const paths = await pathsOf(options);
  const state = await readOpencode(paths);
  const owner = state.owner ?? state.record?.owner;
  if (stack !== undefined && owner?.stack !== stack) return undefined;
  const plan = planOff(state);
  const { files, removed, notes, record } = plan;
  const isNothing = owner === undefined && plan.changes.length === 0;
  return {
    plan: { ...plan, record: { ...record, after: OFF_RECORD } },
    result: () =>
      isNothing
        ? undefined
        : { client: 'opencode', ...(owner ? { stack: owner.stack } : {}), files, removed, notes },
  };
}

/** The files that `connect` writes with these options. */
export function pathsOf({ dir }: ConnectOptions): Promise<ClientPaths> {
  return dir === undefined ? opencodePaths() : pathsInFolder(dir);
}

/**
 * As {@link connect}, but does not write files that belong to another stack that is still deployed, or that were switched off.
 *
 * @param exists whether the stack that owns the files is still deployed.
 * @throws UserError if a file of the user is malformed; nothing is changed then.
 */
export async function writeUnlessOwned(
  stack: string,
  files: ClientFiles,
  options: ConnectOptions & { owner: Owner },
  exists: (owner: Owner) => Promise<boolean>,
): Promise<ConnectedOrNot> {
  const paths = await pathsOf(options);
  const { owner, off } = await readOpencode(paths);
  if (owner === undefined && off === true)
    return { off: { file: paths.config, command: connectCommand(stack, options) } };
  if (owner === undefined || isSameOwner(owner, options.owner) || !(await exists(owner)))
    return { connected: await connect(stack, files, options) };
  return {
    leftAlone: {
      file: paths.config,
      stack: owner.stack,
      ...(owner.endpoint === undefined ? {} : { endpoint: owner.endpoint }),
      command: connectCommand(stack, options),
    },
  };
}
