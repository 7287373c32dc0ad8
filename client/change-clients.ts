/** Changes the files of several clients, or of none: all are read and planned before the first one is written. */
import { applyManaged } from './apply-managed.ts';
import { forEachOrErrors } from './collect-errors.ts';
import type { ManagedPlan } from './plan-managed.ts';

/** What is to be changed for one client. Nothing is written yet. */
export interface PlannedClient<Result> {
  plan: ManagedPlan;
  /** The result once it is written. @param copies the paths of the copies of the user's files. */
  result: (copies: readonly string[]) => Result | Promise<Result>;
}

/**
 * Plans the change of each client, then writes all of them.
 *
 * @param plan reads and plans; undefined if there is nothing to do for this client.
 * @returns the results, in the order of the clients.
 * @throws UserError that names every file that is malformed or cannot be read or written; nothing is changed then.
 */
export async function changeClients<Client, Result>(
  clients: readonly Client[],
  plan: (client: Client) => Promise<PlannedClient<Result> | undefined>,
): Promise<Result[]> {
  const planned = (await forEachOrErrors(clients, plan)).filter((one) => one !== undefined);
  const copies = await applyManaged(planned.map((one) => one.plan));
  return Promise.all(planned.map(({ result }, index) => result(copies[index]!)));
}
