/** The output of `connect`, and the commands in it. */
import { DEFAULT_KEY } from '../domain/plan/key-plan.ts';
import { providerOf } from '../domain/plan/lanes.ts';
import type { ClientFiles } from './client-files.ts';
import type { SwitchedOff } from './switched-off.ts';
import type {
  Checked,
  Connected,
  ConnectOptions,
  Disconnected,
  LeftAlone,
  StaysOff,
} from './connect-types.ts';
import type { ConnectedTool } from './tools/connect-tool.ts';
import { quote } from '../console/shell.ts';

/** The `connect` command that assigns these files to a stack. */
export function connectCommand(stack: string, { dir, key = DEFAULT_KEY }: ConnectOptions): string {
  const other = key === DEFAULT_KEY ? '' : ` --key ${key}`;
  return `./switchyard connect ${stack}${other}${dir === undefined ? '' : ` --dir ${quote(dir)}`}`;
}

/** A command that tries the client: with the gateway's mock, which always answers, or our default model, if the client can use them. */
export function tryIt(
  paths: { config: string; auth: string },
  { config }: ClientFiles,
  on: readonly string[],
  options: ConnectOptions,
  opencode = 'opencode',
): string {
  const candidates = [...(config.provider.litellm?.models.mock ? ['litellm/mock'] : []), config.model ?? ''];
  const model = candidates.find((one) => on.includes(providerOf(one)));
  const run = `${quote(opencode)} run${model ? ` -m ${model}` : ''} "hi"`;
  if (options.dir === undefined) return run;
  return `OPENCODE_CONFIG=${quote(paths.config)} OPENCODE_AUTH_CONTENT="$(cat ${quote(paths.auth)})" ${run}`;
}

/** The result of `connect` as text. */
export function describeConnected(connected: Connected): string {
  const { stack, key, switchedFrom, on, switchedOff, files, removed } = connected;
  const noKey = connected.off.filter((name) => !switchedOff.some(({ provider }) => provider === name));
  return resultRows([
    ...writtenRows({ stack, key, switchedFrom, files, removed }),
    ['on', on.join(', ') || 'none'],
    ...switchedOff.map((one): Row => ['off', explainOff(one)]),
    ...(noKey.length > 0 ? [['off', `${noKey.join(', ')} (no key in these files)`] satisfies Row] : []),
    ['try it', connected.try],
  ]);
}

/** The result for a client other than opencode as text. */
export function describeTool({ model, try: command, ...tool }: ConnectedTool): string {
  return resultRows([...writtenRows(tool), ['default', model], ['try it', command]]);
}

/** The results for several clients, each under its name. */
export function describeEach(results: readonly (Connected | ConnectedTool)[]): string {
  const texts = results.map((one) => ('client' in one ? describeTool(one) : describeConnected(one)));
  if (texts.length === 1) return texts[0]!;
  return results
    .map(
      (one, index) => `${'client' in one ? one.client : 'opencode'}\n${texts[index]!.replace(/^/gm, '  ')}`,
    )
    .join('\n\n');
}

type Row = [name: string, text: string];

function resultRows(rows: readonly Row[]): string {
  return rows.map(([name, text]) => `${name.padEnd(11)}${text}`).join('\n');
}

/** What was written, the same for all clients. */
function writtenRows({
  stack,
  key = DEFAULT_KEY,
  switchedFrom,
  files,
  removed,
}: Pick<Connected, 'stack' | 'key' | 'switchedFrom' | 'files' | 'removed'>): Row[] {
  return [
    ...(switchedFrom ? [['switched', `from ${switchedFrom} to ${stack}`] satisfies Row] : []),
    ...files.map(({ path, changed }): Row => [changed ? 'wrote' : 'unchanged', path]),
    ...removed.map((path): Row => ['removed', path]),
    ...(key === DEFAULT_KEY ? [] : [['key', key] satisfies Row]),
  ];
}

/** How long opencode stays off after `connect --off`. */
export const STAYS_OFF = "up does not write opencode's files again until ./switchyard connect <stack>";

/** The result of `connect --off` as text. */
export function describeDisconnected({ client, stack, files, removed }: Disconnected): string {
  return [
    `${client}: ${stack === undefined ? 'our entries are' : `the entries of ${stack} are`} taken out`,
    ...files.map(({ path }) => `cleaned    ${path}`),
    ...removed.map((path) => `removed    ${path}`),
    ...(client === 'opencode' ? [`stays off  ${STAYS_OFF}`] : []),
  ].join('\n');
}

/** The result of `connect --check` as text. */
export function describeChecked({ client, stack, problems }: Checked): string {
  const of = stack === undefined ? '' : ` (stack ${stack})`;
  if (problems.length === 0) return `${client}${of}: works`;
  return [
    `${client}${of}: does not work as it should`,
    ...problems.flatMap(({ what, command }) => [
      `  ${what}`,
      ...(command === undefined ? [] : [`    fix: ${command}`]),
    ]),
  ].join('\n');
}

/** Why a provider is off although it has a key, and how to switch it on. */
export function explainOff({ provider, list, where }: SwitchedOff): string {
  return list === 'disabled_providers'
    ? `${provider}: disabled by your entry at ${where}; to switch it on, remove it from disabled_providers`
    : `${provider}: not in the list at ${where}; to switch it on, add it to enabled_providers`;
}

/** As one line of text that the user has switched the clients off. */
export function describeOff({ file, command }: StaysOff): string {
  return `off since connect --off, so ${file} was not written; to switch on: ${command}`;
}

/** The result as one line of text. */
export function describeLeftAlone({ file, stack, endpoint, command }: LeftAlone): string {
  const at = endpoint === undefined ? '' : ` (${endpoint})`;
  return `not changed: ${file} belongs to stack ${stack}${at}; to switch: ${command}`;
}
