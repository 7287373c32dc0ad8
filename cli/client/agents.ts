/** Runs agents side by side, each in a client of its own: no file is shared, so none can disturb another. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AgentsFile } from '../../catalog/agents.ts';
import { pin } from '../../catalog/lanes.ts';
import { renderAgent } from '../../catalog/opencode.ts';
import type { Catalog } from '../../catalog/schema.ts';
import { inParallel } from './parallel.ts';
import type { Board } from './board.ts';
import type { StackClient } from './files.ts';
import { type ClientHome, makeHome } from './home.ts';
import { redactor } from './redact.ts';
import { runOpencode, type RunResult } from './run.ts';

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

/** Which agents can run, and why the others cannot. */
export function planAgents(
  file: AgentsFile,
  catalog: Catalog,
  client: StackClient,
): { ready: ReadyAgent[]; skipped: AgentReport[] } {
  const lanes = catalog.client?.lanes ?? {};
  const entries = client.guide.lanes;
  const on = entries
    .filter(({ off }) => off === undefined)
    .map(({ id, models }) => ({ id, models: new Map(Object.entries(models)) }));
  const ready: ReadyAgent[] = [];
  const skipped: AgentReport[] = [];
  for (const [name, agent] of Object.entries(file.agents)) {
    const pinned = pin(agent, lanes, on);
    if (!('model' in pinned)) {
      const off = entries.find(({ id }) => id === pinned.provider)?.off;
      skipped.push(
        notRun(name, agent.lane, off ? `${pinned.provider}: ${off.reason}; ${off.command}` : pinned.reason),
      );
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

/** How agents are run. */
export interface AgentsRun {
  bin: string;
  client: StackClient;
  /** The folder for their logs. */
  logs: string;
  /** The most at once. */
  parallel: number;
  board: Board;
  signal: AbortSignal;
}

/** Failed requests in a row after which a provider counts as dead: about a quarter of a minute of opencode's own pauses. */
const MAX_FAILURES = 4;

/** Runs them all; one that fails does not stop the others. */
export async function runAgents(agents: readonly ReadyAgent[], run: AgentsRun): Promise<AgentReport[]> {
  await mkdir(run.logs, { recursive: true, mode: 0o700 });
  return inParallel(agents, run.parallel, async (agent) => {
    const log = join(run.logs, `${agent.name}.log`);
    run.board.begin(agent.name, agent.model);
    const result = await runOne(agent, run, log);
    const { input, output } = result.tokens;
    run.board.end(agent.name, result.ok, result.reason ?? `${input} tokens in, ${output} out`);
    return {
      agent: agent.name,
      lane: agent.lane,
      model: agent.model,
      ok: result.ok,
      exitCode: result.exitCode,
      reason: result.reason ?? '',
      tokens: result.tokens,
      cost: result.cost,
      seconds: Math.round(result.ms / 100) / 10,
      log,
    };
  });
}

async function runOne(agent: ReadyAgent, run: AgentsRun, log: string): Promise<RunResult> {
  const { client, signal } = run;
  const nothing = { text: '', tokens: { input: 0, output: 0 }, cost: 0, ms: 0 };
  if (signal.aborted) return { ...nothing, ok: false, exitCode: 130, reason: 'stopped' };
  let home: ClientHome | undefined;
  const stream = createWriteStream(log, { mode: 0o600 });
  try {
    home = await makeHome({
      config: { ...client.config, agent: { ...client.config.agent, [agent.name]: agent.entry } },
      auth: client.auth,
    });
    const clean = redactor(home.secrets);
    stream.write(`# ${agent.name}, lane ${agent.lane}, ${agent.model}, ${new Date().toISOString()}\n`);
    const result = await runOpencode({
      bin: run.bin,
      env: home.env,
      agent: agent.name,
      prompt: agent.prompt,
      title: agent.name,
      cwd: agent.dir,
      timeoutMs: agent.timeout * 1000,
      maxFailures: MAX_FAILURES,
      signal,
      onLine: (line) => stream.write(`${clean(line)}\n`),
      onFailure: (message) => run.board.note(agent.name, clean(`a request failed, trying again: ${message}`)),
    });
    const reason = result.reason === undefined ? undefined : clean(result.reason);
    stream.write(`# exit code ${result.exitCode}${reason ? `: ${reason}` : ''}\n`);
    return { ...result, ...(reason === undefined ? {} : { reason }) };
  } catch (error) {
    return {
      ...nothing,
      ok: false,
      exitCode: 1,
      reason: error instanceof Error ? error.message : String(error),
    };
  } finally {
    await new Promise((done) => stream.end(done));
    await home?.remove();
  }
}
