/** Reads a stack's ledger, by a program in one of its gateways: the database is on the stack's volume. */
import { UserError } from '../console/errors.ts';
import { usageReport, type UsageRow } from '../domain/schema/usage-schema.ts';
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
}

/**
 * The sums of the stack's usage.
 *
 * @param since the beginning, in seconds since 1970. @param until the end, exclusive.
 * @throws UserError if no gateway is running, or if it has no ledger yet.
 */
export async function readUsage(stack: string, since: number, until: number): Promise<UsageRow[]> {
  const gateway = (await runningGateways(stack))[0];
  if (gateway === undefined) {
    throw new UserError(`${stack} has no running gateway, which reads its ledger`, {
      command: `./switchyard up ${stack}`,
    });
  }
  const program = ['env', 'PYTHONPATH=/etc/switchyard', 'python3', '-m', 'ledger.report'];
  const options = ['--since', String(since), '--until', String(until)];
  const printed = await runInContainer(gateway.id, [...program, ...options], '');
  return usageReport.parse(JSON.parse(printed)).rows;
}

/** The states of the gateways' ledgers that have a problem or have lost rows. */
export async function ledgerProblems(containers: readonly StackContainer[]): Promise<LedgerState[]> {
  const gateways = containers.filter(({ role, state }) => role === 'gateway' && state === 'running');
  const states = await Promise.all(gateways.map((gateway) => stateOf(gateway)));
  return states.filter(
    (state) => state !== undefined && (state.problem !== '' || state.lost > 0),
  ) as LedgerState[];
}

/** Undefined if the gateway has written no state: nothing has gone wrong since its start. */
async function stateOf({ id, name }: StackContainer): Promise<LedgerState | undefined> {
  const text = await readContainerFile(id, '/tmp/switchyard-ledger.json').catch(() => undefined);
  return text === undefined
    ? undefined
    : { gateway: name, ...(JSON.parse(text) as Omit<LedgerState, 'gateway'>) };
}

async function runningGateways(stack: string): Promise<StackContainer[]> {
  const gateways = (await stackContainers(stack)).filter(
    ({ role, state }) => role === 'gateway' && state === 'running',
  );
  return gateways.sort(
    (a, b) => Number(b.status.includes('(healthy)')) - Number(a.status.includes('(healthy)')),
  );
}
