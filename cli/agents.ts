import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { wholeNumber } from './arguments.ts';
import { parseAgents } from '../domain/read/agents-file.ts';
import type { AgentsFile } from '../domain/schema/agents-schema.ts';
import { formatProblems } from '../domain/diagnostics/problems.ts';
import type { Catalog } from '../domain/schema/catalog-schema.ts';
import { AGENTS_FILE, requireCatalog, template } from '../stacks/load.ts';
import { runAgents } from '../client/run-agents.ts';
import { type AgentReport, planAgents } from '../client/agents-plan.ts';
import { AgentsProgress } from '../client/agents-progress.ts';
import { clientWithKey } from '../client/client-with-key.ts';
import type { StackClient } from '../domain/read/outputs-reader.ts';
import { requireOpencode } from '../client/client-home.ts';
import { STILL_STOPPING, stoppable } from '../console/stoppable.ts';
import { type Output, withOutput } from '../console/output.ts';
import { UserError } from '../console/errors.ts';
import { inHome, ROOT } from '../console/home-paths.ts';
import { requireStack } from '../engine/stack-name.ts';
import { ensureReady } from '../bootstrap/ready.ts';
import { currentOutputs } from '../keys/current-outputs.ts';
import { table } from '../console/table.ts';

interface AgentsOptions {
  file?: string;
  key?: string;
  logs?: string;
  parallel?: number;
}

/** Adds `agents`. */
export function register(program: Command): void {
  program
    .command('agents')
    .argument('[stack]', 'the stack', 'dev')
    .option('--file <yaml>', 'the agents file; default: config-templates/agents.yaml')
    .option(
      '--key <alias>',
      "the stack's key that they use; with another one than default only the gateway's lanes",
    )
    .option('--logs <folder>', "the folder for their logs; default: a new folder in Switchyard's home")
    .option(
      '--parallel <number>',
      'the number of agents that run at once; default: as in the file',
      wholeNumber(1, 32),
    )
    .description('run the agents of agents.yaml side by side through opencode, each pinned to its lane')
    .action(
      withOutput(async (out, stack: string, options: AgentsOptions) => {
        const { file, catalog } = readAgents(options.file);
        await requireStack(stack);
        await ensureReady({ need: ['pulumi'], onProgress: out.progress });
        const client = clientWithKey(stack, await currentOutputs(stack), options.key);
        // What is left out is told for each agent.
        if (client.key === undefined) for (const note of client.notes) out.warn(note);
        const reports = await agents(out, stack, { file, catalog, client, options });
        if (reports.some(({ ok }) => ok === false)) process.exitCode = 1;
        if (reports.some(({ exitCode }) => exitCode === 130)) process.exitCode = 130;
        out.result(reports, tableOf(reports));
      }),
    );
}

function readAgents(path?: string): { file: AgentsFile; catalog: Catalog } {
  const name = path === undefined ? AGENTS_FILE : relative(process.cwd(), resolve(path)) || path;
  const { catalog } = requireCatalog();
  const read = parseAgents(path === undefined ? template('agents.yaml') : readText(path), name, catalog);
  if (read.file === undefined) throw new UserError(`${name} has errors\n${formatProblems(read.problems)}`);
  return { file: read.file, catalog };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`the agents file cannot be read`, {
      where: path,
      found: (error as NodeJS.ErrnoException).code ?? '',
    });
  }
}

async function agents(
  out: Output,
  stack: string,
  {
    file,
    catalog,
    client,
    options,
  }: { file: AgentsFile; catalog: Catalog; client: StackClient; options: AgentsOptions },
): Promise<AgentReport[]> {
  const { ready, skipped } = planAgents(file, catalog, client);
  for (const { agent, reason } of skipped) out.warn(`${agent} does not run: ${reason}`);
  if (ready.length === 0) {
    throw new UserError('none of the agents can run', {
      where: options.file ?? AGENTS_FILE,
      found: skipped.map(({ agent, reason }) => `${agent}: ${reason}`).join('\n           '),
    });
  }
  const { bin } = await requireOpencode(ROOT);
  const parallel = options.parallel ?? file.parallel;
  const logs = resolve(options.logs ?? defaultLogs(stack));
  const progress = new AgentsProgress(
    out,
    ready.map(({ name }) => name),
  );
  try {
    const reports = await stoppable(
      (again) => out.progress(again ? STILL_STOPPING : 'stopping all agents …'),
      (signal) => runAgents(ready, { bin, client, logs, parallel, progress, signal }),
    );
    return [...reports, ...skipped];
  } finally {
    progress.close();
  }
}

function defaultLogs(stack: string): string {
  return inHome('logs', stack, `agents-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
}

function tableOf(reports: readonly AgentReport[]): string {
  return table(
    ['agent', 'lane', 'model', 'exit', 'in', 'out', 's', 'note'],
    reports.map(({ agent, lane, model, ok, exitCode, tokens, seconds, reason, log }) => [
      agent,
      lane,
      model || '-',
      exitCode === null ? 'skipped' : String(exitCode),
      String(tokens.input),
      String(tokens.output),
      String(seconds),
      ok === true ? log : [reason, log].filter(Boolean).join('; '),
    ]),
  );
}
