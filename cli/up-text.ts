/** What `up` says at its end. Pure but for the width of the terminal. */
import type { FirstAnswer } from '../client/first-answer.ts';
import { describeUnavailable, groupUnavailable } from '../domain/plan/group-unavailable.ts';
import { MOCK_ALIAS } from '../domain/schema/catalog-schema.ts';
import { nameList } from '../console/wrap.ts';
import { explainOff } from './connect-text.ts';
import type { Connected } from './connect-types.ts';
import { describeLeftAlone, type LeftAlone } from './connect-unless-owned.ts';

/** A model of the catalogue that this stack does not serve. */
export interface UnavailableModel {
  model: string;
  reason: string;
  command?: string;
}

/** What `up` has done. */
export interface UpReport {
  stack: string;
  endpoint: string;
  changes: number;
  models: string[];
  leftOut: UnavailableModel[];
  connected: Connected | undefined;
  leftAlone: LeftAlone | undefined;
  answer: FirstAnswer | undefined;
}

/** The text for people. */
export function upText(report: UpReport, width?: number): string {
  const { stack, endpoint, changes, models, connected, leftAlone, answer } = report;
  const groups = groupUnavailable(report.leftOut);
  const command = groups.find((group) => group.command !== undefined)?.command;
  const rows: [string, string][] = [
    ['endpoint', `${endpoint}  (OpenAI: ${endpoint}/v1, Anthropic: ${endpoint})`],
    ['models', models.join(', ') || 'none yet'],
    ...groups.map((group): [string, string] => ['left out', describeUnavailable(group)]),
    ...(command === undefined ? [] : [['', `to set a key: ${command}`] satisfies [string, string]]),
    ...(connected?.files ?? []).map(({ path, changed }): [string, string] => [
      changed ? 'wrote' : 'unchanged',
      path,
    ]),
    ...(connected?.switchedOff ?? []).map((one): [string, string] => ['off', explainOff(one)]),
    ...(leftAlone ? [['clients', describeLeftAlone(leftAlone)] satisfies [string, string]] : []),
    ...(answer ? [['answer', describeAnswer(answer)] satisfies [string, string]] : []),
    ...(connected && answer ? clientRows(connected) : []),
    ...(models.some((model) => model !== MOCK_ALIAS)
      ? [['next', `./switchyard smoke ${stack}   # asks every provider once`] satisfies [string, string]]
      : []),
  ];
  return `${stack} is up${changes === 0 ? ': no change' : ''}\n${nameList(rows, width)}`;
}

/** The mock's own words speak of a machine without a key, which this one need not be. */
function describeAnswer({ model, text, ms }: FirstAnswer): string {
  return model === MOCK_ALIAS
    ? `${model}, in ${ms} ms: the gateway works; no provider was asked`
    : `${model}, in ${ms} ms: ${text}`;
}

/** What opencode does now, with and without a model. */
function clientRows({ model, try: command }: Connected): [string, string][] {
  const direct = model !== undefined && !model.startsWith('litellm/');
  return [
    ['try', command],
    ...(model === undefined
      ? []
      : [
          [
            'default',
            direct
              ? `without -m opencode asks ${model}, past the gateway; models of the gateway are litellm/…`
              : `without -m opencode asks ${model}`,
          ] satisfies [string, string],
        ]),
  ];
}
