/** Decides which agents of a file can run, and why the others cannot. */
import { resolve } from 'node:path';
import type { AgentsFile } from '../domain/schema/agents-schema.ts';
import { destination, type LaneChoice, type LaneView, pin } from '../domain/plan/lanes.ts';
import type { Unavailable } from '../domain/plan/unavailable.ts';
import { renderAgent } from '../domain/render/opencode-files.ts';
import type { Catalog, Lane } from '../domain/schema/catalog-schema.ts';

import type { StackClient } from '../domain/read/outputs-reader.ts';

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
  /** Names of the user's variables that it inherits beside those that every program needs. */
  env: readonly string[];
  /** Its entry in the client's file. */
  entry: ReturnType<typeof renderAgent>;
}

/**
 * Decides which agents can run, and why the others cannot: the reason, and the command that changes it.
 *
 * The agents and their prompts come from the file as it is now. The model of a lane is the one that was deployed. An agent whose lane
 * has changed in the catalogue since the deployment does not run: the user wants neither the old model nor one that the stack does not
 * serve yet.
 *
 * @param catalog the current catalogue, against which the file was checked.
 */
export function planAgents(
  file: AgentsFile,
  catalog: Catalog,
  { clientMetadata }: StackClient,
): { ready: ReadyAgent[]; skipped: AgentReport[] } {
  const current = catalog.client?.lanes ?? {};
  // Outputs of the previous release do not contain the lanes.
  const deployed: LaneView = { ...clientMetadata, lanes: clientMetadata.lanes ?? current };
  const ready: ReadyAgent[] = [];
  const skipped: AgentReport[] = [];
  for (const [name, agent] of Object.entries(file.agents)) {
    const pinned = changedLane(agent, current, deployed) ?? pin(agent, deployed);
    if (!('model' in pinned)) skipped.push(notRun(name, agent.lane, `${pinned.reason}; ${pinned.command}`));
    else if (agent.prompt === undefined)
      skipped.push(notRun(name, agent.lane, 'it has no prompt in the file'));
    else {
      ready.push({
        name,
        lane: agent.lane,
        model: pinned.model,
        prompt: agent.prompt,
        dir: resolve(agent.dir ?? '.'),
        timeout: agent.timeout ?? file.timeout,
        env: [...file.env, ...(agent.env ?? [])],
        entry: renderAgent({ name, ...agent }, pinned.model, deployed.lanes[agent.lane]?.purpose),
      });
    }
  }
  return { ready, skipped };
}

/** Why an agent cannot use its lane: catalogue and stack give it different models. Undefined if they give the same. */
function changedLane(
  agent: LaneChoice,
  current: Readonly<Record<string, Lane>>,
  { stack, lanes }: LaneView,
): Unavailable | undefined {
  const [now, then] = [destination(agent, current), destination(agent, lanes)];
  if (now === undefined || then === undefined) return undefined;
  const [is, was] = [now, then].map(({ provider, model }) => `${provider}/${model}`);
  if (is === was) return undefined;
  return {
    reason: `lane ${agent.lane} is ${is} in catalog.yaml, but ${was} as deployed`,
    command: `./switchyard up ${stack}`,
  };
}

function notRun(agent: string, lane: string, reason: string): AgentReport {
  const tokens = { input: 0, output: 0 };
  return { agent, lane, model: '', ok: null, exitCode: null, reason, tokens, cost: 0, seconds: 0, log: '' };
}

/** The result of one agent. */
export interface AgentReport {
  agent: string;
  lane: string;
  /** `provider/model`; '' if its lane has no available model. */
  model: string;
  /** null if it did not run. */
  ok: boolean | null;
  /** null if it did not run. */
  exitCode: number | null;
  reason: string;
  tokens: { input: number; output: number };
  /** US dollars, by the catalogue's prices. */
  cost: number;
  seconds: number;
  /** The path of its log; '' if it did not run. */
  log: string;
}
