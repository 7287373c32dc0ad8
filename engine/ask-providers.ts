/** Asks a stack's providers, from one of its gateways, whether they answer. */
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { stackContainers } from './containers.ts';
import { runInContainer } from './file-in-container.ts';

/** What a provider said about a key, as runtimes/gateway/image/programs/ask_providers.py prints it. */
export interface ProviderAnswer {
  /** The name of the key; for a provider without one an alias. */
  name: string;
  host: string;
  /** The HTTP status; 0 if there was no response. */
  status: number;
  /** Why there was none, or what is wrong with it. */
  reason: string | null;
  /** Of a server without a key: the models of the catalogue that its list lacks, if any, and those in the list. */
  missing?: string[];
  listed?: string[];
}

/**
 * Asks all providers in parallel, each with each of its keys, for a list that costs nothing. It takes at most some 8 seconds.
 *
 * @returns empty, with a warning, if no gateway can be asked.
 */
export async function askProviders(out: Output, stack: string): Promise<ProviderAnswer[]> {
  try {
    const gateway = (await stackContainers(stack)).findLast(
      ({ role, state }) => role === 'gateway' && state === 'running',
    );
    if (gateway === undefined) throw new UserError('no gateway is running');
    const lines = await out.step('asking the providers', () =>
      runInContainer(gateway.id, ['python3', '/etc/switchyard/ask_providers.py'], ''),
    );
    return lines
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ProviderAnswer);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    out.warn(`the providers could not be asked: ${[error.message, error.found].filter(Boolean).join(': ')}`);
    return [];
  }
}
