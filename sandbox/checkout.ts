/**
 * A throwaway checkout with its own stacks: a copy of this tree with the release's catalogue and settings, and its own backend,
 * passphrases and client folders.
 */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { stringify } from 'yaml';
import { accountHome, inHome, ROOT } from '../console/home-paths.ts';
import { copyFixtures, RELEASE_DAY } from './fixtures.ts';
import { freePort } from './free-port.ts';
import { fullName, stackFileName, stackOfFile } from '../domain/schema/stack-file-names.ts';

/** The result of a command in the checkout. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A copy of the tree in which commands run. */
export class Checkout {
  /** Its folder. */
  readonly dir: string;
  /** The environment of its commands: isolated from the user's Pulumi, Switchyard and opencode. */
  readonly env: Record<string, string>;
  /** When it is aborted, a running `./switchyard` is asked to end. */
  signal?: AbortSignal;
  readonly #stacks: string[] = [];
  /** The output of `./switchyard env`, by stack. */
  readonly #exports = new Map<string, string>();
  readonly #id = randomBytes(3).toString('hex');

  /**
   * @param engineLogs whether Pulumi's engine logs each run in the user's own Pulumi folder, as it does for users. It compresses 1.5 MB each
   *   time, for half a second of CPU, and nothing switches it off.
   */
  constructor({ engineLogs = false }: { engineLogs?: boolean } = {}) {
    this.dir = mkdtempSync(join(tmpdir(), 'switchyard-checkout-'));
    copyTree(this.dir);
    const home = join(this.dir, '.home');
    mkdirSync(home);
    // The tools are shared: they are cached by version, and building them takes minutes.
    symlinkSync(inHome('tools'), join(home, 'tools'));
    // So is the compiled code of npm packages: without it, the first command of each checkout takes two seconds of CPU more.
    symlinkSync(compiledCode(), join(home, 'cache'));
    mkdirSync(join(this.dir, '.backend'));
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      SWITCHYARD_HOME: home,
      PULUMI_BACKEND_URL: `file://${join(this.dir, '.backend')}`,
      ...(engineLogs ? {} : { PULUMI_HOME: pulumiHomeWithoutLogs(join(home, 'pulumi')) }),
      XDG_CONFIG_HOME: join(this.dir, '.client/config'),
      XDG_DATA_HOME: join(this.dir, '.client/data'),
      XDG_CACHE_HOME: join(this.dir, '.client/cache'),
      XDG_STATE_HOME: join(this.dir, '.client/state'),
      // A fixed date, because models retire: no test may fail because of the current date.
      SWITCHYARD_TODAY: RELEASE_DAY,
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      npm_config_offline: 'true',
    };
  }

  /**
   * Replaces LiteLLM by a stub (sandbox/stub_gateway.py) in the stacks' gateways, from their next start on. For tests that are not about
   * LiteLLM, whose start takes ten seconds of CPU. A test that uses this must name the test that asserts the same with LiteLLM.
   */
  stubLitellm(): void {
    cpSync(
      join(ROOT, 'sandbox/stub_gateway.py'),
      join(this.dir, 'runtimes/gateway/image/programs/server.py'),
    );
  }

  /**
   * Adds a stack with the given settings.
   *
   * @param base the suffix of its name, e.g. `dev` or `prod`.
   * @param settings the settings that differ from the defaults; without `port` a free one is chosen.
   * @returns the stack's name, which is unique on this host, and its port.
   */
  async addStack(
    base: string,
    settings: Record<string, unknown> = {},
  ): Promise<{ stack: string; port: number }> {
    const stack = `t${this.#id}-${base}`;
    const port = typeof settings.port === 'number' ? settings.port : await freePort();
    const config = Object.fromEntries(
      Object.entries({ port, ...settings }).map(([name, value]) => [fullName(name), value]),
    );
    writeFileSync(join(this.dir, stackFileName(stack)), stringify({ config }));
    this.#stacks.push(stack);
    return { stack, port };
  }

  /** Runs `./switchyard <args>` and waits for its end; it may fail. */
  async switchyard(
    args: string[],
    options: { input?: string; env?: Record<string, string> } = {},
  ): Promise<CommandResult> {
    if (args[0] === 'down') this.#exports.clear();
    return this.run('./switchyard', args, { ...options, ...(this.signal ? { signal: this.signal } : {}) });
  }

  /**
   * Runs `./switchyard <args> --json` and returns the parsed output.
   *
   * @throws Error if it fails.
   */
  async json<T>(args: string[], options: { input?: string } = {}): Promise<T> {
    const result = await this.switchyard([...args, '--json'], options);
    if (result.exitCode !== 0)
      throw new Error(`switchyard ${args.join(' ')}: exit code ${result.exitCode}\n${result.stderr}`);
    return JSON.parse(result.stdout) as T;
  }

  /**
   * Runs plain `pulumi <args>` as in a shell that has evaluated the output of `./switchyard env` for the stack. That output is cached: the
   * command starts an engine, and its output stays the same until the stack is removed.
   */
  async pulumi(stack: string, args: string[], input?: string): Promise<CommandResult> {
    let exports = this.#exports.get(stack);
    if (exports === undefined) {
      const { exitCode, stdout, stderr } = await this.switchyard(['env', stack]);
      if (exitCode !== 0) throw new Error(`switchyard env ${stack}: exit code ${exitCode}\n${stderr}`);
      this.#exports.set(stack, (exports = stdout));
    }
    const script = `eval "$EXPORTS" && unset EXPORTS && exec pulumi "$@" --stack ${stack} --non-interactive`;
    const options = { env: { EXPORTS: exports }, ...(input === undefined ? {} : { input }) };
    return this.run('sh', ['-c', script, 'pulumi', ...args], options);
  }

  /** Runs any command in the checkout. */
  async run(
    command: string,
    args: string[],
    options: { input?: string; env?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<CommandResult> {
    const { exitCode, stdout, stderr } = await execa(command, args, {
      cwd: this.dir,
      env: { ...this.env, ...options.env },
      extendEnv: false,
      reject: false,
      ...(options.signal ? { cancelSignal: options.signal, forceKillAfterDelay: false } : {}),
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    });
    return { exitCode: exitCode ?? 1, stdout, stderr };
  }

  /** Removes the stacks with their data, whatever their state, and the folder. */
  async remove(): Promise<void> {
    for (const stack of this.#stacks) {
      await tagLayersForReuse(stack);
      await this.switchyard(['down', stack, '--volume', `switchyard-${stack}-data`]);
      await removeByForce(stack);
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Node's cache of compiled code for all checkouts. It also gets files of checkouts that are gone, so a new one is begun every day. */
function compiledCode(): string {
  const folder = inHome('cache', 'checkouts');
  const created = statSync(folder, { throwIfNoEntry: false })?.birthtimeMs ?? 0;
  if (Date.now() - created > 24 * 3600 * 1000) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Creates a folder for Pulumi that has the user's own plugins, and a file where the engine would make its folder for logs.
 *
 * @param folder its path, at which nothing exists yet.
 * @returns the path, for `PULUMI_HOME`.
 */
export function pulumiHomeWithoutLogs(folder: string): string {
  const own = process.env.PULUMI_HOME || join(accountHome(), '.pulumi');
  mkdirSync(folder);
  mkdirSync(join(own, 'plugins'), { recursive: true });
  symlinkSync(join(own, 'plugins'), join(folder, 'plugins'));
  writeFileSync(join(folder, 'logs'), '');
  return folder;
}

/**
 * Keeps the layers of a stack's images with an additional tag: they take minutes to build, and would be removed with the stack's tags.
 * `docker rmi switchyard-cache:gateway switchyard-cache:edge switchyard-cache:portkey` removes them.
 */
async function tagLayersForReuse(stack: string): Promise<void> {
  for (const role of ['gateway', 'edge', 'portkey']) {
    const { stdout } = await execa('docker', ['images', '-q', `switchyard-${stack}-${role}`]);
    const id = stdout.split('\n')[0];
    if (id) await execa('docker', ['tag', id, `switchyard-cache:${role}`]);
  }
}

/** Removes what `down` may have left of a stack that a test broke. */
async function removeByForce(stack: string): Promise<void> {
  const { stdout } = await execa('docker', ['ps', '-aq', '--filter', `label=switchyard.stack=${stack}`]);
  const containers = stdout.split('\n').filter(Boolean);
  const quiet = { reject: false } as const;
  if (containers.length > 0) await execa('docker', ['rm', '-f', ...containers], quiet);
  await execa('docker', ['network', 'rm', `switchyard-${stack}`], quiet);
  await execa('docker', ['volume', 'rm', `switchyard-${stack}-data`], quiet);
  const images = await execa('docker', [
    'images',
    '--format',
    '{{.Repository}}:{{.Tag}}',
    `switchyard-${stack}-*`,
  ]);
  const tags = images.stdout.split('\n').filter(Boolean);
  if (tags.length > 0) await execa('docker', ['rmi', ...tags], quiet);
}

/** Copies all files that git tracks or would add, so no build results and no ignored secrets. The operator's files are the release's. */
function copyTree(target: string): void {
  const { stdout } = execaSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  // The settings of the operator's stacks, which contain keys, are not copied; and .gitignore does not match a link named node_modules.
  const isSkipped = (path: string) =>
    path === '' || path === 'node_modules' || stackOfFile(path) !== undefined;
  for (const file of stdout.split('\0').filter((path) => !isSkipped(path))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(ROOT, file), join(target, file), { errorOnExist: false, force: true });
  }
  copyFixtures(target);
  symlinkSync(join(ROOT, 'node_modules'), join(target, 'node_modules'));
}
