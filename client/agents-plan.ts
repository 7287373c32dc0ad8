/** Decides which agents of a file can run, and says of the others what they lack. */
import { resolve } from 'node:path';
import type { AgentsFile } from '../domain/schema/agents-schema.ts';
import { pin } from '../domain/plan/lanes.ts';
import { renderAgent } from '../domain/render/opencode-files.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';

import type { StackClient } from './client-files.ts';

/** An agent that can run. */
export interface ReadyAgent {
  name: string;
  lane: string;
  /** `provider/model`. */
  model: string;
  prompt: string;
  dir: string;
  /** Seconds. */
  timeout: number;
  /** Its entry in the client's file. */
  entry: ReturnType<typeof renderAgent>;
}

/**
 * Which agents can run, and why the others cannot: the reason, and the command that mends it.
 *
 * @param stack the stack's name, for those commands.
 */
export function planAgents(
  file: AgentsFile,
  catalog: Catalog,
  client: StackClient,
  stack: string,
): { ready: ReadyAgent[]; skipped: AgentReport[] } {
  const lanes = catalog.client?.lanes ?? {};
  const entries = client.guide.lanes;
  const on = entries
    .filter(({ off }) => off === undefined)
    .map(({ models, ...entry }) => ({ ...entry, models: new Map(Object.entries(models)) }));
  const ready: ReadyAgent[] = [];
  const skipped: AgentReport[] = [];
  for (const [name, agent] of Object.entries(file.agents)) {
    const pinned = pin(agent, lanes, on);
    if (!('model' in pinned)) {
      const entry = entries.find(({ id }) => id === pinned.provider);
      const reason = entry?.off ? `${pinned.provider}: ${entry.off.reason}` : pinned.reason;
      // A provider of the catalogue that the stack does not know came after the stack's last `up`.
      const command =
        entry?.off?.command ?? pinned.command ?? `./switchyard ${entry ? 'models' : 'up'} ${stack}`;
      skipped.push(notRun(name, agent.lane, `${reason}; ${command}`));
    } else if (agent.prompt === undefined)
      skipped.push(notRun(name, agent.lane, 'it has no prompt in the file'));
    else {
      ready.push({
        name,
        lane: agent.lane,
        model: pinned.model,
        prompt: agent.prompt,
        dir: resolve(agent.dir ?? '.'),
        timeout: agent.timeout ?? file.timeout,
        entry: renderAgent({ name, ...agent }, pinned.model, lanes[agent.lane]?.purpose),
      });
    }
  }
  return { ready, skipped };
}

function notRun(agent: string, lane: string, reason: string): AgentReport {
  const tokens = { input: 0, output: 0 };
  return { agent, lane, model: '', ok: null, exitCode: null, reason, tokens, cost: 0, seconds: 0, log: '' };
}

/** How an agent went. */
export interface AgentReport {
  agent: string;
  lane: string;
  /** `provider/model`; '' where its lane leads nowhere. */
  model: string;
  /** null where it did not run. */
  ok: boolean | null;
  /** null where it did not run. */
  exitCode: number | null;
  reason: string;
  tokens: { input: number; output: number };
  /** US dollars by the catalogue's prices. */
  cost: number;
  seconds: number;
  /** Its log; '' where it did not run. */
  log: string;
}
