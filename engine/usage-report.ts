/** Reads a stack's ledger, by a program in one of its gateways: the database is on the stack's volume. */
import { UserError } from '../console/errors.ts';
import { type Dimension, DIMENSIONS } from '../domain/plan/usage-groups.ts';
import { type BudgetState, limitsReport, usageReport, type UsageRow } from '../domain/schema/usage-schema.ts';
import { type StackContainer, stackContainers } from './containers.ts';
import { readContainerFile, runInContainer } from './file-in-container.ts';

/** The state of a gateway's ledger. */
export interface LedgerState {
  gateway: string;
  /** Rows that wait in memory for the database. */
  waiting: number;
  /** Rows that were lost because too many waited. */
  lost: number;
  /** Why rows wait; empty if none do. */
  problem: string;
  /** Whether its own test saw that a request over a limit is refused, and why not. Absent if it has no limits. */
  limits?: { enforced: boolean; problem: string };
}

/**
 * The sums of the stack's usage, one row for each combination of what they are grouped by: the gateway sends no more than is shown.
 *
 * @param since the beginning, in seconds since 1970. @param until the end, exclusive.
 * @throws UserError if no gateway is running, or if it has no ledger yet.
 */
export async function readUsage(
  stack: string,
  since: number,
  until: number,
  by: readonly Dimension[],
): Promise<UsageRow[]> {
  const columns = [...new Set(by)].map((dimension) => DIMENSIONS[dimension]);
  const times = ['--since', String(since), '--until', String(until)];
  const printed = await runProgram(stack, ['ledger.report', ...times, '--by', columns.join(',')]);
  return usageReport.parse(JSON.parse(printed)).rows;
}

/**
 * The stack's budgets, and what of each is used.
 *
 * @throws UserError if no gateway is running, or if it knows no budgets.
 */
export async function readBudgets(stack: string): Promise<BudgetState[]> {
  return limitsReport.parse(JSON.parse(await runProgram(stack, ['ledger.limits_report']))).budgets;
}

/** The standard output of a Python module in one of the stack's gateways. */
async function runProgram(stack: string, module: readonly string[]): Promise<string> {
  const gateway = (await runningGateways(stack))[0];
  if (gateway === undefined) {
    throw new UserError(`${stack} has no running gateway, which reads its ledger`, {
      command: `./switchyard up ${stack}`,
    });
  }
  return runInContainer(gateway.id, ['env', 'PYTHONPATH=/etc/switchyard', 'python3', '-m', ...module], '');
}

/** The states of the running gateways' ledgers. One that has written none has had no problem since its start. */
export async function ledgerStates(containers: readonly StackContainer[]): Promise<LedgerState[]> {
  const gateways = containers.filter(({ role, state }) => role === 'gateway' && state === 'running');
  return Promise.all(gateways.map((gateway) => stateOf(gateway)));
}

async function stateOf({ id, name }: StackContainer): Promise<LedgerState> {
  const text = await readContainerFile(id, '/tmp/switchyard-ledger.json').catch(() => '{}');
  const written = JSON.parse(text) as Partial<Omit<LedgerState, 'gateway'>>;
  return { gateway: name, waiting: 0, lost: 0, problem: '', ...written };
}

async function runningGateways(stack: string): Promise<StackContainer[]> {
  const gateways = (await stackContainers(stack)).filter(
    ({ role, state }) => role === 'gateway' && state === 'running',
  );
  return gateways.sort(
    (a, b) => Number(b.status.includes('(healthy)')) - Number(a.status.includes('(healthy)')),
  );
}
