/** `connect --check`: whether what is in a client's files works. Changes nothing. */
import { GATEWAY } from '../domain/plan/lanes.ts';
import { UserError } from '../console/errors.ts';
import { type ClientFiles, gatewayOnly } from './client-files.ts';
import type { Owner } from './client-record.ts';
import { pathsOf } from './connect-files.ts';
import { connectCommand } from './connect-text.ts';
import type { Checked, ConnectOptions, Problem } from './connect-types.ts';
import { isObject, type Json, object } from './json-objects.ts';
import { overrides } from './opencode-overrides.ts';
import { readOpencode } from './read-opencode.ts';
import { planOpencode } from './write-opencode.ts';

/** What a stack has deployed for clients with the owner's key. */
export type Deployed = (owner: Owner) => Promise<ClientFiles>;

/**
 * Checks opencode's files: which stack they belong to, whether key and models are the current ones, whether the gateway answers, and whether
 * anything outranks them.
 *
 * @param stack the stack that they should belong to; by default any.
 * @param deployed reads the stack's files from its outputs, with the key that the record names.
 * @throws UserError if a file is malformed.
 */
export async function checkOpencode(
  options: ConnectOptions,
  stack: string | undefined,
  deployed: Deployed,
): Promise<Checked> {
  const paths = await pathsOf(options);
  const state = await readOpencode(paths);
  const { owner } = state;
  const client = 'opencode';
  const fix = connectCommand(stack ?? owner?.stack ?? 'dev', { ...options, key: owner?.key });
  if (owner === undefined)
    return { client, problems: [{ what: `${paths.config} has nothing of Switchyard`, command: fix }] };
  if (stack !== undefined && owner.stack !== stack) {
    const what = `the files belong to stack ${owner.stack}, not to ${stack}`;
    return { client, stack: owner.stack, problems: [{ what, command: fix }] };
  }
  const wanted = await filesOf(owner, deployed);
  const files = 'problem' in wanted ? undefined : wanted;
  const problems = 'problem' in wanted ? [wanted.problem] : outdated(state, wanted, owner, fix);
  const entry = object(object(state.configs.map(({ provider }) => object(provider)[GATEWAY]).find(isObject)));
  problems.push(...(await gatewayProblems(entry, object(state.auth[GATEWAY]).key, owner.stack, fix)));
  if (options.dir === undefined && files !== undefined)
    problems.push(...(await overrides(files.config)).map((what) => ({ what })));
  return { client, stack: owner.stack, problems };
}

async function filesOf(owner: Owner, deployed: Deployed): Promise<ClientFiles | { problem: Problem }> {
  try {
    return await deployed(owner);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: problemOf(error) };
  }
}

/** An error as a client's problem, with the position and what was found there. That nothing was changed goes without saying. */
export function problemOf({ message, where, found, command }: UserError): Problem {
  const what = message.replaceAll(', so nothing was changed', '');
  const at = where === undefined || what.includes(where) ? '' : ` (${where})`;
  return { what: `${what}${at}${found === undefined ? '' : `: ${found}`}`, command };
}

/** What `connect` would change. The files may have been written with --gateway-only. */
function outdated(
  state: Awaited<ReturnType<typeof readOpencode>>,
  files: ClientFiles,
  owner: Owner,
  command: string,
): Problem[] {
  const plans = [files, gatewayOnly(files)].map((one) =>
    planOpencode(state, one, { known: files.known ?? files.auth, owner }),
  );
  const [fewest] = plans.map(({ changes }) => changes).sort((a, b) => a.length - b.length);
  return (fewest ?? []).map(({ path }) => ({
    what: `${path} is not current: ${path === state.paths.auth ? 'a key' : 'the models, or another value of ours,'} has changed`,
    command,
  }));
}

/**
 * Whether the gateway answers with this key, and serves the models.
 *
 * @param entry the provider's entry in opencode.json.
 * @param stack the stack that the files belong to.
 * @param command writes them again.
 */
export async function gatewayProblems(
  entry: Json,
  key: unknown,
  stack: string,
  command: string,
): Promise<Problem[]> {
  const { baseURL } = object(entry.options);
  if (typeof baseURL !== 'string' || typeof key !== 'string')
    return [{ what: "the files have no address or no key of the stack's gateway", command }];
  let served: string[];
  try {
    const response = await fetch(`${baseURL}/models`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (response.status === 401)
      return [{ what: `the gateway at ${baseURL} refuses the key of the files`, command }];
    if (!response.ok) return [{ what: `the gateway at ${baseURL} answers with status ${response.status}` }];
    served = ((await response.json()) as { data?: { id: string }[] }).data?.map(({ id }) => id) ?? [];
  } catch {
    return [{ what: `nothing answers at ${baseURL}`, command: `./switchyard status ${stack}` }];
  }
  const missing = Object.keys(object(entry.models)).filter((id) => !served.includes(id));
  return missing.length === 0
    ? []
    : [{ what: `the gateway does not serve ${missing.join(', ')}, which the files name`, command }];
}
