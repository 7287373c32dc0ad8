import { credentials, type Client, type ServiceError } from '@grpc/grpc-js';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { dockerProviderBinary } from '../../toolchain-paths.ts';
import { home } from '../../../console/home-paths.ts';
import { PluginError } from '../../plugin/rpc.ts';
import { NO_MESSAGE_LIMIT } from '../../plugin/serve.ts';
import { providerClientClass, type Methods } from './tfplugin.ts';

/** Every Terraform provider requires this, to make sure that it was not started by hand. */
const MAGIC_COOKIE = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2';

/** The environment variables that the provider gets: how to reach Docker. None of the program's configuration or keys. */
const FORWARDED_VARIABLES =
  /^(PATH|HOME|USER|TMPDIR|LANG|SSH_AUTH_SOCK|SSL_CERT_(FILE|DIR)|DOCKER_\w+|BUILDX_\w+|BUILDKIT_\w+|XDG_RUNTIME_DIR|(HTTPS?|NO)_PROXY|(https?|no)_proxy)$/;

/**
 * A shell script that runs the provider as its child: `read` returns when the plugin's end of standard input is closed,
 * however the plugin ended, so the provider never outlives it. It ignores the SIGINT that the engine sends to the group.
 */
const CHILD_WRAPPER = `trap '' INT; "$0" </dev/null & child=$!; read -r _; kill -TERM $child 2>/dev/null; wait $child`;

/** How long the provider may take to end. */
const EXIT_TIMEOUT_MS = 3_000;

/** The real Terraform Docker provider, running as a child process. */
export class TerraformProvider {
  private readonly connected: Promise<Client>;
  private child: ChildProcess | undefined;
  private sockets: string | undefined;

  /** Starts it. A failure is reported by the first call, when the engine can receive it. */
  constructor(binary: string = process.env['SWITCHYARD_DOCKER_PROVIDER'] || dockerProviderBinary(home())) {
    this.connected = this.start(binary);
    this.connected.catch(() => undefined);
  }

  /** Calls a method of the provider; `milliseconds` bounds it. */
  async call<M extends keyof Methods>(
    method: M,
    request: Methods[M][0],
    milliseconds?: number,
  ): Promise<Methods[M][1]> {
    const client = (await this.connected) as unknown as Record<
      string,
      (
        request: unknown,
        options: { deadline?: Date },
        callback: (error: ServiceError | null, answer: Methods[M][1]) => void,
      ) => void
    >;
    return new Promise((resolve, reject) => {
      const options = milliseconds ? { deadline: new Date(Date.now() + milliseconds) } : {};
      client[method]!(request, options, (error, answer) => {
        if (error)
          reject(new PluginError(`The Terraform Docker provider failed in ${method}: ${error.details}`));
        else resolve(answer);
      });
    });
  }

  /** Asks the provider to abort its current operation. */
  async interrupt(): Promise<void> {
    await this.call('StopProvider', {}, 5_000).catch(() => undefined);
  }

  /** Ends the provider. */
  async close(): Promise<void> {
    const child = this.child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), EXIT_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    }
    if (this.sockets) rmSync(this.sockets, { recursive: true, force: true });
  }

  private async start(binary: string): Promise<Client> {
    if (!existsSync(binary)) {
      throw new PluginError(
        `The Terraform Docker provider is not at ${binary}. Run: node toolchain/build.ts`,
      );
    }
    this.sockets = mkdtempSync(join(tmpdir(), 'switchyard-docker-'));
    this.child = spawn('/bin/sh', ['-c', CHILD_WRAPPER, binary], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => FORWARDED_VARIABLES.test(name))),
        TF_PLUGIN_MAGIC_COOKIE: MAGIC_COOKIE,
        PLUGIN_PROTOCOL_VERSIONS: '6',
        PLUGIN_UNIX_SOCKET_DIR: this.sockets,
      },
    });
    const address = await handshake(this.child);
    const Provider = providerClientClass();
    return new Provider(address, credentials.createInsecure(), {
      ...NO_MESSAGE_LIMIT,
      // A unix socket has no host name, but the provider's server requires an authority.
      'grpc.default_authority': 'localhost',
    });
  }
}

/** The provider prints its address in one line: `1|6|unix|/tmp/…|grpc|`. */
async function handshake(child: ChildProcess): Promise<string> {
  // Its log may contain its inputs: it is not printed; only the last line is kept, for a failed start.
  let lastLogLine = '';
  child.stderr?.on(
    'data',
    (chunk: Buffer) => (lastLogLine = chunk.toString().trim().split('\n').at(-1) ?? ''),
  );
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(
        new PluginError(`The Terraform Docker provider ended at startup (exit ${code}). ${lastLogLine}`),
      ),
    );
  });
  const [, protocol, network, address] = line.split('|');
  if (protocol !== '6' || network !== 'unix' || !address) {
    throw new PluginError(
      `The Terraform Docker provider answered "${line}"; expected protocol 6 on a unix socket.`,
    );
  }
  return `unix:${address}`;
}
