/** The report of `status` and its text. Pure except for the width of the terminal. */
import pc from 'picocolors';
import { describeUnavailable, groupUnavailable } from '../domain/plan/group-unavailable.ts';
import type { KeyAge } from '../keys/key-ages.ts';
import type { LedgerState } from '../engine/usage-report.ts';
import type { LockOwner } from '../engine/own-runs.ts';
import { columns, nameList, wrap } from '../console/wrap.ts';

/** A rotation of the master key that was interrupted, or whose deployment failed. */
export interface UnfinishedRotation {
  /** The generation of the new key. */
  generation: number;
  /** Whether the gateways refuse the old key already. */
  oldKeyRefused: boolean;
}

/** The status of a stack, as `status --json` prints it. */
export interface StatusReport {
  stack: string;
  /** Null if nothing is deployed. */
  endpoint: string | null;
  healthy: boolean;
  /** The run that changes it now; null if there is none, or if it cannot be detected. */
  change: LockOwner | null;
  models: string[];
  leftOut: { model: string; reason: string; command?: string }[];
  image: string | null;
  keys: KeyAge[];
  /** A rotation of the master key that was not completed; null if there is none. */
  rotation: UnfinishedRotation | null;
  /** Gateways whose ledger cannot write, or has lost rows. */
  ledger: LedgerState[];
  /** For each gateway whether it enforces budgets and rate limits; empty if the stack has none. */
  budgets: { gateway: string; enforced: boolean; problem: string }[];
  containers: { name: string; role: string; state: string; status: string }[];
  /** Containers with this stack's label that are not in its state; empty while a run is in progress. */
  unknownContainers: string[];
  /** Those of them that another deployment of the same name created: they may be in use. */
  foreignContainers: string[];
}

/** The models. Without a container none is served, whatever the outputs of the last deployment say. */
function modelRows({ stack, change, containers, models, leftOut }: StatusReport): [string, string][] {
  if (containers.length === 0 && change === null)
    return [['down', `the stack has no containers; to deploy it: ./switchyard up ${stack}`]];
  return [
    ['models', models.join(', ') || 'none'],
    ...groupUnavailable(leftOut).map((group): [string, string] => [
      'unavailable',
      describeUnavailable(group),
    ]),
  ];
}

/** The report as text. */
export function statusText(report: StatusReport, width = columns()): string {
  const { stack, endpoint, healthy, change } = report;
  const head = `${stack}  ${endpoint ?? 'not deployed'}  ${healthy ? pc.green('healthy') : pc.red('not healthy')}`;
  const rows: [string, string][] = [
    ...(change === null ? [] : [['change', describeChange(change)] satisfies [string, string]]),
    ...modelRows(report),
    ...(report.image === null ? [] : [['image', report.image] satisfies [string, string]]),
    ...report.containers.map(({ role, name, status }): [string, string] => [role, `${name}  ${status}`]),
    ...report.ledger.map((state): [string, string] => ['ledger', describeLedger(state)]),
    ...(report.budgets.length === 0
      ? []
      : [['budgets', describeBudgets(report.budgets)] satisfies [string, string]]),
    ...report.keys.map(({ name, days, state }): [string, string] => [
      'key',
      `${name}: ${days} days, ${state}`,
    ]),
    ...(report.rotation === null
      ? []
      : [['rotation', describeRotation(stack, report.rotation)] satisfies [string, string]]),
    ...report.unknownContainers.map((name): [string, string] => ['unknown', describeUnknown(report, name)]),
  ];
  return [...wrap(head, width), nameList(rows, width)].join('\n');
}

function describeChange({ user, host, pid, since }: LockOwner): string {
  const begun = since === '' ? '' : `, since ${since.slice(0, 19).replace('T', ' ')}`;
  return `in progress, by ${user}@${host} (pid ${pid}${begun}): what it creates or removes is not included below`;
}

function describeRotation(stack: string, { generation, oldKeyRefused }: UnfinishedRotation): string {
  const old = oldKeyRefused ? 'the old key is refused already' : 'the old key is still accepted';
  return `to master key ${generation} is not completed: ${old}; to complete it: ./switchyard keys rotate ${stack}`;
}

function describeUnknown({ stack, foreignContainers }: StatusReport, name: string): string {
  return foreignContainers.includes(name)
    ? `${name}: created by another deployment of a stack ${stack}; if nothing needs it: docker rm --force ${name}`
    : `${name}: not in this stack's state; ./switchyard up ${stack} removes it, unless a run in progress created it`;
}

/**
 * The part of the report about the gateways' ledgers: those with a problem, and whether limits are enforced. They are only if a gateway says so.
 *
 * @param hasLimits whether the stack has budgets or rate limits.
 */
export function ledgerReport(
  states: readonly LedgerState[],
  hasLimits: boolean,
): Pick<StatusReport, 'ledger' | 'budgets'> {
  const isLimited = hasLimits || states.some(({ limits }) => limits !== undefined);
  return {
    ledger: states.filter(({ problem, lost }) => problem !== '' || lost > 0),
    budgets: (isLimited ? states : []).map(({ gateway, limits }) => ({
      gateway,
      enforced: limits?.enforced === true,
      problem: limits === undefined ? 'it has not tested them yet' : limits.problem,
    })),
  };
}

function describeBudgets(states: StatusReport['budgets']): string {
  const failed = states.filter(({ enforced }) => !enforced);
  if (failed.length === 0) return 'enforced';
  return `not enforced: ${failed.map(({ gateway, problem }) => `${gateway}: ${problem || 'no reason is known'}`).join('; ')}`;
}

/** A ledger with a problem. Requests are served meanwhile. */
function describeLedger({ gateway, waiting, lost, problem }: LedgerState): string {
  const rows = problem === '' ? [] : [`${waiting} rows wait: ${problem}`];
  return `${gateway}: ${[...rows, ...(lost === 0 ? [] : [`${lost} rows were lost`])].join('; ')}`;
}
