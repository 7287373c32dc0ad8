/**
 * Opens a stack of this checkout in Pulumi's Automation API. The API builds the command line, delivers the engine's events and throws typed
 * errors. pulumi-process.ts starts the process: with our environment, in its own process group, and with at most one SIGINT.
 *
 * The API is imported only when a stack is opened: it costs a second of CPU, which read-only commands should not pay.
 */
import type { PulumiCommand, Stack } from '@pulumi/pulumi/automation/index.js';
import { installedVersion } from '../console/home-paths.ts';
import { readResolved } from '../bootstrap/resolved-toolchain.ts';
import { pulumiEnv } from './environment.ts';
import { commandError } from './pulumi-failure.ts';
import { pulumiProcess } from './pulumi-process.ts';
import { recordRun } from './own-runs.ts';

/** Opens an existing stack without selecting it: plain `pulumi` keeps the selection of its user. */
export async function openStack(stack: string, cwd: string): Promise<Stack> {
  await import('../infra/lean-sdk.ts');
  const [{ LocalWorkspace, Stack: AutomationStack }, command] = await Promise.all([
    import('@pulumi/pulumi/automation/index.js'),
    stackCommand(stack),
  ]);
  const workspace = await LocalWorkspace.create({ workDir: cwd, pulumiCommand: command });
  // The API would run `pulumi stack select`. That is not needed: all its commands name the stack by `--stack`.
  workspace.selectStack = () => Promise.resolve();
  const opened = await AutomationStack.select(stack, workspace);
  // After each operation the API would start the engine three more times, for outputs and history that are not used here.
  opened.outputs = () => Promise.resolve({});
  opened.info = () => Promise.resolve(undefined);
  return opened;
}

/** The command with which the API runs the engine for a stack. */
async function stackCommand(stack: string): Promise<PulumiCommand> {
  const env = await pulumiEnv(stack);
  const command = {
    command: 'pulumi',
    version: await engineVersion(env),
    /** Called by the API. Standard output is not streamed, since the events report the same immediately. */
    async run(
      args: string[],
      cwd: string,
      additional: Record<string, string>,
      _onOutput: unknown,
      _onError: unknown,
      signal?: AbortSignal,
    ) {
      let removeRecord: (() => void) | undefined;
      try {
        const result = await pulumiProcess([...args, '--non-interactive'], {
          cwd,
          env: { ...env, ...additional, PULUMI_AUTOMATION_API: 'true' },
          signal,
          onStart: (pid) => (removeRecord = recordRun(stack, pid)),
        });
        if (result.exitCode !== 0) throw commandError(result);
        return { ...result, code: result.exitCode };
      } finally {
        // If this process is killed, this line is not reached: the record remains, and identifies a lock that the engine may leave behind.
        removeRecord?.();
      }
    },
  };
  // The declarations lack `run`. They type `version` as a class of a package that only the API has, but the API uses only its text.
  return command as unknown as PulumiCommand;
}

/**
 * The engine's version: the API chooses the transport of events by it. An engine that Switchyard installed has the SDK's version. Only an
 * engine of the user's own is queried, since that starts it once more.
 */
async function engineVersion(env: NodeJS.ProcessEnv): Promise<string> {
  if (readResolved()?.source !== 'system') return installedVersion('@pulumi/pulumi');
  const { stdout } = await pulumiProcess(['version'], { cwd: '/', env });
  return stdout.trim();
}
