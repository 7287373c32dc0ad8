/** Which Docker daemon is used: that of DOCKER_HOST, of the default socket, or of the docker command's current context. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { execa } from 'execa';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const PING_MS = 10_000;

/** Whether a daemon answers, and if not, the reason. */
export type DaemonState = { ok: true; docker: Docker } | { ok: false; reason: string; code?: string };

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

/** A client for {@link dockerHost}'s daemon. */
export async function dockerClient(): Promise<Docker> {
  const host = await dockerHost();
  if (!host || host === process.env.DOCKER_HOST) return new Docker();
  return host.startsWith('unix://')
    ? new Docker({ socketPath: host.slice('unix://'.length) })
    : new Docker({ host });
}

/** Pings the daemon. */
export async function daemonState(): Promise<DaemonState> {
  try {
    const docker = await dockerClient();
    const timeout = new AbortController();
    const late = sleep(PING_MS, undefined, { signal: timeout.signal }).then(() => {
      throw new Error(`no answer within ${PING_MS / 1000} s`);
    });
    late.catch(() => undefined);
    await Promise.race([docker.ping(), late]).finally(() => timeout.abort());
    return { ok: true, docker };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, reason: message || String(error), ...(code ? { code } : {}) };
  }
}
