/** Runs agents concurrently, each with its own opencode home: they share no file, so none can disturb another. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { providerOf } from '../domain/plan/lanes.ts';
import { UserError } from '../console/errors.ts';
import { type AgentLog, openLog } from './agent-log.ts';
import type { ReadyAgent, AgentReport } from './agents-plan.ts';
import { inParallel } from './parallel.ts';
import type { AgentsProgress } from './agents-progress.ts';
import type { StackClient } from '../domain/read/outputs-reader.ts';
import { oneProviderOnly, withNameOf } from './client-files.ts';
import { type ClientHome, makeHome } from './client-home.ts';
import { redactor } from '../console/redactor.ts';
import { runOpencode, type RunResult } from './run-opencode.ts';

/** Options of a run. */
export interface AgentsRun {
  bin: string;
  client: StackClient;
  /** The folder for their logs. */
  logs: string;
  /** The most at once. */
  parallel: number;
  progress: AgentsProgress;
  signal: AbortSignal;
}

/** Consecutive failed requests after which a provider counts as down: about 15 s of opencode's own retry delays. */
const MAX_FAILURES = 4;

/** Runs all agents. A failed one does not stop the others. */
export async function runAgents(agents: readonly ReadyAgent[], run: AgentsRun): Promise<AgentReport[]> {
  await mkdir(run.logs, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError('cannot create the folder for the logs', {
      where: run.logs,
      found: error.code ?? error.message,
      allowed: 'a folder that you can write to: --logs <folder>',
      cause: error,
    });
  });
  return inParallel(agents, run.parallel, async (agent) => {
    const log = join(run.logs, `${agent.name}.log`);
    run.progress.begin(agent.name, agent.model);
    const result = await runOne(agent, run, log);
    const { input, output } = result.tokens;
    run.progress.end(agent.name, result.ok, result.reason ?? `${input} tokens in, ${output} out`);
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

async function runOne(agent: ReadyAgent, run: AgentsRun, path: string): Promise<RunResult> {
  const { client, signal } = run;
  const nothing = { text: '', tokens: { input: 0, output: 0 }, cost: 0, ms: 0 };
  if (signal.aborted) return { ...nothing, ok: false, exitCode: 130, reason: 'stopped' };
  let home: ClientHome | undefined;
  let log: AgentLog | undefined;
  try {
    const lines = (log = await openLog(path));
    const own = oneProviderOnly(client, providerOf(agent.model));
    const { config, auth } = withNameOf(agent.name, agent.lane, own);
    const files = { config: { ...config, agent: { ...config.agent, [agent.name]: agent.entry } }, auth };
    home = await makeHome(files, agent.env);
    const clean = redactor(home.secrets);
    lines.write(`# ${agent.name}, lane ${agent.lane}, ${agent.model}, ${new Date().toISOString()}`);
    const result = await runOpencode({
      bin: run.bin,
      env: home.env,
      agent: agent.name,
      prompt: agent.prompt,
      title: agent.name,
      cwd: agent.dir,
      timeoutMs: agent.timeout * 1000,
      maxFailures: MAX_FAILURES,
      signal: AbortSignal.any([signal, lines.failed]),
      onLine: (line) => lines.write(clean(line)),
      onFailure: (message) => run.progress.note(agent.name, clean(`a request failed, retrying: ${message}`)),
    });
    const reason = result.reason === undefined ? undefined : clean(result.reason);
    lines.write(`# exit code ${result.exitCode}${reason ? `: ${reason}` : ''}`);
    const writeError = await lines.close();
    if (writeError !== undefined && !signal.aborted)
      return { ...result, ok: false, exitCode: 1, reason: writeError.message };
    return { ...result, ...(reason === undefined ? {} : { reason }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...nothing, ok: false, exitCode: 1, reason };
  } finally {
    await log?.close();
    await home?.remove();
  }
}
