/** The closing output of `up`. Pure except for the width of the terminal. */
import { providerRows } from './up-providers.ts';
import type { ProviderAnswer } from '../engine/ask-providers.ts';
import type { FirstAnswer } from '../client/first-answer.ts';
import { countUnavailable, describeUnavailable, groupUnavailable } from '../domain/plan/group-unavailable.ts';
import { MOCK_ALIAS } from '../domain/schema/catalog-schema.ts';
import { stackFileName } from '../domain/schema/stack-file-names.ts';
import { nameList } from '../console/wrap.ts';
import { describeLeftAlone, describeOff, explainOff } from '../client/connect-text.ts';
import type { Connected, LeftAlone, StaysOff } from '../client/connect-types.ts';

/** A model of the catalogue that this stack does not serve. */
export interface UnavailableModel {
  model: string;
  reason: string;
  command?: string;
}

/** The result of `up`. */
export interface UpReport {
  stack: string;
  endpoint: string;
  changes: number;
  models: string[];
  leftOut: UnavailableModel[];
  /** Whether the `up` before this one left out the same: they are only counted then. */
  leftOutIsKnown: boolean;
  connected: Connected | undefined;
  leftAlone: LeftAlone | undefined;
  /** Set if the clients were switched off. */
  off?: StaysOff | undefined;
  answer: FirstAnswer | undefined;
  /** What the providers that were asked said. */
  providers: readonly ProviderAnswer[];
  /** Whether the user's shell finds `pulumi`. */
  pulumiOnPath: boolean;
}

/** The result as text. */
export function upText(report: UpReport, width?: number): string {
  const { stack, endpoint, changes, models, connected, leftAlone, off, answer } = report;
  const groups = groupUnavailable(report.leftOut);
  const command = groups.find((group) => group.command !== undefined)?.command;
  const rows: [string, string][] = [
    ['endpoint', `${endpoint}  (OpenAI: ${endpoint}/v1, Anthropic: ${endpoint})`],
    ['served', models.join(', ') || 'none yet'],
    ...(report.leftOutIsKnown && report.leftOut.length > 0
      ? [['not set', countUnavailable(report.leftOut.length, stack)] satisfies [string, string]]
      : groups.map((group): [string, string] => ['not set', describeUnavailable(group)])),
    ...(command === undefined || report.leftOutIsKnown
      ? []
      : [['', `to set a key: ${withPulumi(report, command)}`] satisfies [string, string]]),
    ...(connected?.files ?? []).map(({ path, changed }): [string, string] => [
      changed ? 'wrote' : 'unchanged',
      path,
    ]),
    ...(connected?.switchedOff ?? []).map((one): [string, string] => ['off', explainOff(one)]),
    ...(leftAlone ? [['clients', describeLeftAlone(leftAlone)] satisfies [string, string]] : []),
    ...(off ? [['clients', describeOff(off)] satisfies [string, string]] : []),
    ...providerRows(stack, report.providers).map(([name, text]): [string, string] => [
      name,
      withPulumi(report, text),
    ]),
    ...(answer ? [['answer', describeAnswer(answer)] satisfies [string, string]] : []),
    ...(connected && answer ? clientRows(stack, connected) : []),
    ...(models.some((model) => model !== MOCK_ALIAS)
      ? [
          ['next', `./switchyard smoke ${stack}   # sends one request to every provider`] satisfies [
            string,
            string,
          ],
        ]
      : []),
  ];
  return `${stack} is up${changes === 0 ? ': no change' : ''}\n${nameList(rows, width)}`;
}

/** A text whose command runs as printed: `pulumi` is not on the PATH of a shell that did not get it from `env`. */
function withPulumi({ stack, pulumiOnPath }: UpReport, text: string): string {
  return pulumiOnPath ? text : text.replace(/\bpulumi config /, `eval "$(./switchyard env ${stack})" && $&`);
}

/** The mock's answer is not quoted: it says that there is no key, which need not be true here. */
function describeAnswer({ model, text, ms }: FirstAnswer): string {
  return model === MOCK_ALIAS
    ? `${model}, in ${ms} ms: the gateway works; no provider was used`
    : `${model}, in ${ms} ms: ${text}`;
}

/** How opencode is used now, with and without a model. */
function clientRows(stack: string, { model, try: command }: Connected): [string, string][] {
  const direct = model !== undefined && !model.startsWith('litellm/');
  return [
    ['try', command],
    ...(model === undefined
      ? []
      : [
          [
            'default',
            direct
              ? `without -m opencode uses ${model} directly, not the gateway, whose models are litellm/…; to use the gateway by default, write \`switchyard:client: { direct: [] }\` below config in ${stackFileName(stack)}, then up: no provider's key goes to opencode then`
              : `without -m opencode uses ${model}`,
          ] satisfies [string, string],
        ]),
  ];
}
