import languageProto from '@pulumi/pulumi/proto/language_pb.js';
import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** With this exit code the SDK reports that it has printed the error already. */
const ALREADY_REPORTED = 32;

/** Runs a Pulumi program in its own Node process and reports to the engine how it ended. */
export class ProgramRunner {
  private readonly engineAddress: string;
  private readonly children = new Set<ChildProcess>();

  constructor(engineAddress: string) {
    this.engineAddress = engineAddress;
  }

  /** Runs the program until it ends. */
  async run(request: languageProto.RunRequest): Promise<languageProto.RunResponse> {
    const response = new languageProto.RunResponse();
    const runner = sdkRunner(request.getInfo()?.getProgramDirectory() || request.getPwd());
    if (!runner) {
      return response.setError(
        `@pulumi/pulumi is not installed for the program in ${request.getPwd()}. Run: npm ci`,
      );
    }
    const { code, signal } = await this.spawn(runner, request);
    if (code === ALREADY_REPORTED) response.setBail(true);
    else if (signal) response.setError(`the program was ended by ${signal}`);
    else if (code !== 0) {
      response.setError(`the program ended with exit code ${code}; see its output above`);
    }
    return response;
  }

  /** Ends all running programs, because the engine was interrupted or has ended. */
  stop(): void {
    for (const child of this.children) child.kill('SIGTERM');
  }

  private spawn(
    runner: string,
    request: languageProto.RunRequest,
  ): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    // Our own standard output and error go to the engine, which prints them as the program's.
    const child = spawn(
      process.execPath,
      [...nodeArguments(request), runner, ...runArguments(request, this.engineAddress)],
      {
        cwd: request.getPwd() || undefined,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          ...process.env,
          PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject())),
          PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
          PULUMI_NODEJS_TYPESCRIPT: String(runtimeOption(request, 'typescript') === true),
        },
      },
    );
    this.children.add(child);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        this.children.delete(child);
        resolve({ code, signal });
      });
    });
  }
}

/** The SDK's own runner, resolved from the program's folder: its copy of the SDK must be the one that runs. */
function sdkRunner(directory: string): string | undefined {
  try {
    return createRequire(join(directory, 'package.json')).resolve('@pulumi/pulumi/cmd/run');
  } catch {
    return undefined;
  }
}

function runArguments(request: languageProto.RunRequest, engineAddress: string): string[] {
  const flags: [string, string | number | undefined][] = [
    ['monitor', request.getMonitorAddress()],
    ['engine', engineAddress],
    ['organization', request.getOrganization()],
    ['project', request.getProject()],
    ['stack', request.getStack()],
    ['pwd', request.getPwd()],
    ['root-directory', request.getInfo()?.getRootDirectory()],
    ['parallel', request.getParallel()],
  ];
  return [
    ...flags.flatMap(([name, value]) => (value ? [`--${name}`, String(value)] : [])),
    ...(request.getDryrun() ? ['--dry-run'] : []),
    request.getProgram() || '.',
    ...request.getArgsList(),
  ];
}

/** `runtime.options.nodeargs` of Pulumi.yaml. */
function nodeArguments(request: languageProto.RunRequest): string[] {
  const value = runtimeOption(request, 'nodeargs');
  return typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : [];
}

function runtimeOption(request: languageProto.RunRequest, name: string): unknown {
  return request.getInfo()?.getOptions()?.toJavaScript()[name];
}
