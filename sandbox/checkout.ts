/**
 * A throwaway checkout with stacks of its own: a copy of this tree with the release's catalogue and settings, its own backend,
 * passphrases and client folders.
 */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { stringify } from 'yaml';
import { inHome, ROOT } from '../console/home-paths.ts';
import { layFixtures, RELEASE_DAY } from './fixtures.ts';
import { freePort } from './free-port.ts';
import { fullName, stackFileName, stackOfFile } from '../domain/schema/stack-file-names.ts';

/** How a command of the checkout ended. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A copy of the tree in which commands run. */
export class Checkout {
  /** Its folder. */
  readonly dir: string;
  /** What commands in it get as environment: nothing of the user's Pulumi, Switchyard or opencode. */
  readonly env: Record<string, string>;
  /** Aborted, a running `./switchyard` is asked to end. */
  signal?: AbortSignal;
  readonly #stacks: string[] = [];
  /** What `./switchyard env` printed, by stack. */
  readonly #exports = new Map<string, string>();
  readonly #id = randomBytes(3).toString('hex');

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'switchyard-checkout-'));
    copyTree(this.dir);
    const home = join(this.dir, '.home');
    mkdirSync(home);
    // The built tools are shared: they are cached by version, and take minutes.
    symlinkSync(inHome('tools'), join(home, 'tools'));
    mkdirSync(join(this.dir, '.backend'));
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      SWITCHYARD_HOME: home,
      PULUMI_BACKEND_URL: `file://${join(this.dir, '.backend')}`,
      XDG_CONFIG_HOME: join(this.dir, '.client/config'),
      XDG_DATA_HOME: join(this.dir, '.client/data'),
      XDG_CACHE_HOME: join(this.dir, '.client/cache'),
      XDG_STATE_HOME: join(this.dir, '.client/state'),
      // No calendar day turns a test red: models retire.
      SWITCHYARD_TODAY: RELEASE_DAY,
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      npm_config_offline: 'true',
    };
  }

  /**
   * Has the stacks' gateways answer from a stub (sandbox/gateway.py) from their next start on. For tests of which LiteLLM is not the
   * subject: its start takes ten seconds of CPU. A test that uses it names the one that asserts the same with LiteLLM.
   */
  stubLitellm(): void {
    cpSync(join(ROOT, 'sandbox/gateway.py'), join(this.dir, 'runtimes/gateway/programs/server.py'));
  }

  /**
   * Adds a stack with settings of its own, on a free port.
   *
   * @param base the kind of stack, `dev` or `prod`: part of its name.
   * @param settings what differs from the defaults; `port` is chosen where it is left out.
   * @returns the stack's name, unlike any other on this host.
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

  /** Runs `./switchyard <args>` and waits for its end, whatever that is. */
  async switchyard(
    args: string[],
    options: { input?: string; env?: Record<string, string> } = {},
  ): Promise<CommandResult> {
    if (args[0] === 'down') this.#exports.clear();
    return this.run('./switchyard', args, { ...options, ...(this.signal ? { signal: this.signal } : {}) });
  }

  /** Runs `./switchyard <args>`, expects exit code 0, and returns what it printed with `--json`. */
  async json<T>(args: string[], options: { input?: string } = {}): Promise<T> {
    const result = await this.switchyard([...args, '--json'], options);
    if (result.exitCode !== 0)
      throw new Error(`switchyard ${args.join(' ')}: exit code ${result.exitCode}\n${result.stderr}`);
    return JSON.parse(result.stdout) as T;
  }

  /**
   * Runs plain `pulumi <args>` as in a shell that has evaluated what `./switchyard env` prints for the stack. That is asked for once: it
   * starts an engine, and says the same until the stack is gone.
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

  /** Removes the stacks with their data, whatever is left of them, and the folder. */
  async remove(): Promise<void> {
    for (const stack of this.#stacks) {
      await keepLayers(stack);
      await this.switchyard(['down', stack, '--volume', `switchyard-${stack}-data`]);
      await removeByForce(stack);
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/**
 * Keeps the layers of a stack's images under a tag of the tests' own: they take minutes to build, and would go with the stack's
 * tags. `docker rmi switchyard-cache:gateway switchyard-cache:edge switchyard-cache:portkey` removes them.
 */
async function keepLayers(stack: string): Promise<void> {
  for (const role of ['gateway', 'edge', 'portkey']) {
    const { stdout } = await execa('docker', ['images', '-q', `switchyard-${stack}-${role}`]);
    const id = stdout.split('\n')[0];
    if (id) await execa('docker', ['tag', id, `switchyard-cache:${role}`]);
  }
}

/** What `down` may have left of a stack when a test broke it. */
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

/** Copies what git knows or would add: no build results, no secrets that are ignored. Operators' files are those of the release. */
function copyTree(target: string): void {
  const { stdout } = execaSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  // The settings of the operator's stacks, keys in them, are no test's business; .gitignore knows no link to the packages.
  const left = (path: string) => path === '' || path === 'node_modules' || stackOfFile(path) !== undefined;
  for (const file of stdout.split('\0').filter((path) => !left(path))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(ROOT, file), join(target, file), { errorOnExist: false, force: true });
  }
  layFixtures(target);
  symlinkSync(join(ROOT, 'node_modules'), join(target, 'node_modules'));
}
