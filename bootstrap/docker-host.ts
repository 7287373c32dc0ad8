/** Which Docker daemon is used: that of DOCKER_HOST, of the default socket, or of the docker command's current context. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { execa } from 'execa';

// An ESM import would read all exports of node:http, among them a whole WebSocket client: 60 ms of CPU.
const { get } = process.getBuiltinModule('node:http');

const DEFAULT_SOCKET = '/var/run/docker.sock';
const PING_MS = 10_000;

/** Whether a daemon answers, and if not, the reason. */
export type DaemonState = { ok: true } | { ok: false; reason: string; code?: string };

async function fromContext(): Promise<string | undefined> {
  const asked = await execa('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], {
    reject: false,
  });
  const host = asked.exitCode === 0 ? asked.stdout.trim() : '';
  return host && host !== `unix://${DEFAULT_SOCKET}` ? host : undefined;
}

/**
 * The value that DOCKER_HOST needs so that every tool uses the same daemon; undefined if the default socket is right. Only the docker
 * command supports contexts (Docker Desktop, Colima, rootless); the providers do not.
 */
export async function dockerHost(): Promise<string | undefined> {
  if (process.env.DOCKER_HOST) return process.env.DOCKER_HOST;
  return existsSync(DEFAULT_SOCKET) ? undefined : fromContext();
}

/** A client for {@link dockerHost}'s daemon. Loading it costs a quarter of a second of CPU: see {@link daemonStatus}. */
export async function dockerClient(): Promise<Docker> {
  const { default: Client } = await import('dockerode');
  const host = await dockerHost();
  if (!host || host === process.env.DOCKER_HOST) return new Client();
  return host.startsWith('unix://')
    ? new Client({ socketPath: host.slice('unix://'.length) })
    : new Client({ host });
}

/**
 * The HTTP status with which the daemon answers a GET of `path`. A daemon at a local socket is asked without a client, since every `up` and
 * `preview` does this.
 *
 * @throws Error with a system error's `code` if the daemon cannot be reached.
 */
export async function daemonStatus(path: string): Promise<number> {
  const host = (await dockerHost()) ?? `unix://${DEFAULT_SOCKET}`;
  return host.startsWith('unix:///') ? statusAt(host.slice('unix://'.length), path) : statusByClient(path);
}

function statusAt(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
  });
}

async function statusByClient(path: string): Promise<number> {
  const { modem } = await dockerClient();
  return new Promise((resolve, reject) => {
    const done = (error: (Error & { statusCode?: number }) | null): void => {
      if (error === null) resolve(200);
      else if (error.statusCode !== undefined) resolve(error.statusCode);
      else reject(error);
    };
    modem.dial({ path, method: 'GET', statusCodes: { 200: true } }, done);
  });
}

/** Pings the daemon. */
export async function daemonState(): Promise<DaemonState> {
  try {
    const timeout = new AbortController();
    const late = sleep(PING_MS, undefined, { signal: timeout.signal }).then(() => {
      throw new Error(`no answer within ${PING_MS / 1000} s`);
    });
    late.catch(() => undefined);
    const status = await Promise.race([daemonStatus('/_ping'), late]).finally(() => timeout.abort());
    return status === 200 ? { ok: true } : { ok: false, reason: `it answers with HTTP status ${status}` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, reason: message || String(error), ...(code ? { code } : {}) };
  }
}
