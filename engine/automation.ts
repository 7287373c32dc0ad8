/**
 * A stack of this checkout in Pulumi's Automation API. The API builds the command line, brings the engine's events and types the
 * errors; the process is ours (pulumi-process.ts): our environment, a group of its own, one SIGINT.
 *
 * The API is imported when a stack is opened, and by nothing else: it costs a second of CPU, which commands that only look do not pay.
 */
import type { PulumiCommand, Stack } from '@pulumi/pulumi/automation/index.js';
import { installedVersion } from '../console/home-paths.ts';
import { readDecision } from '../bootstrap/pulumi-decision.ts';
import { pulumiEnv } from './environment.ts';
import { commandError } from './pulumi-failure.ts';
import { pulumiProcess } from './pulumi-process.ts';
import { noteRun } from './own-runs.ts';

/** Opens a stack that exists, without selecting it: plain `pulumi` goes on with the one that its user has selected. */
export async function openStack(stack: string, cwd: string): Promise<Stack> {
  const [{ LocalWorkspace, Stack: AutomationStack }, command] = await Promise.all([
    import('@pulumi/pulumi/automation/index.js'),
    stackCommand(stack),
  ]);
  const workspace = await LocalWorkspace.create({ workDir: cwd, pulumiCommand: command });
  // What the API means by it is `pulumi stack select`. All that it runs names the stack by `--stack` anyway.
  workspace.selectStack = () => Promise.resolve();
  const opened = await AutomationStack.select(stack, workspace);
  // After each operation the API starts the engine three times more, for outputs and history that nobody asks for here.
  opened.outputs = () => Promise.resolve({});
  opened.info = () => Promise.resolve(undefined);
  return opened;
}

/** The engine as the API calls it, for a stack. */
async function stackCommand(stack: string): Promise<PulumiCommand> {
  const env = await pulumiEnv(stack);
  const command = {
    command: 'pulumi',
    version: await engineVersion(env),
    /** Called by the API; standard output is kept until the end, since the events say the same at once. */
    async run(
      args: string[],
      cwd: string,
      additional: Record<string, string>,
      _onOutput: unknown,
      _onError: unknown,
      signal?: AbortSignal,
    ) {
      let ended: (() => void) | undefined;
      try {
        const result = await pulumiProcess([...args, '--non-interactive'], {
          cwd,
          env: { ...env, ...additional, PULUMI_AUTOMATION_API: 'true' },
          signal,
          onStart: (pid) => (ended = noteRun(stack, pid)),
        });
        if (result.exitCode !== 0) throw commandError(result);
        return { ...result, code: result.exitCode };
      } finally {
        // Not reached where this process is killed: the note stays then, and tells what the lock is that the engine may leave.
        ended?.();
      }
    },
  };
  // `run` stands in no declaration, and the version is a class of a package that is the API's own; it asks it for its text alone.
  return command as unknown as PulumiCommand;
}

/**
 * The engine's version, by which the API chooses how events travel. An engine that we brought fits the SDK: only the user's own is
 * asked, since that is a start of the engine for itself.
 */
async function engineVersion(env: NodeJS.ProcessEnv): Promise<string> {
  if (readDecision()?.source !== 'system') return installedVersion('@pulumi/pulumi');
  const { stdout } = await pulumiProcess(['version'], { cwd: '/', env });
  return stdout.trim();
}
