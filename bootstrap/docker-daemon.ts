/** The Docker daemon: one that answers is used as is; otherwise, as root on Debian or Ubuntu, Docker is installed and started. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { UserError } from '../console/errors.ts';
import { installPackages, isDebianLike, isRoot } from './apt.ts';
import { daemonState } from './docker-host.ts';
import { withLock } from './lock.ts';
import { home, inHome } from '../console/home-paths.ts';
import type { Reporter } from '../console/reporter.ts';

const START_MS = 60_000;
const pidFile = () => inHome('dockerd.pid');
const logFile = () => inHome('dockerd.log');

/** Whether `pid` is a running process called `name`: after a reboot the same pid may belong to any process. */
function isProcess(pid: number, name: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name;
  } catch {
    return false;
  }
}

/** Removes the pid file of a daemon that ended uncleanly: dockerd refuses to start while it exists. */
function removeStalePid(file: string, name: string): void {
  if (existsSync(file) && !isProcess(Number(readFileSync(file, 'utf8')), name)) rmSync(file, { force: true });
}

const onPath = async (name: string) =>
  (await execa('sh', ['-c', `command -v ${name}`], { reject: false })).exitCode === 0;

function lastLines(file: string, count: number): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join(' | ') : '';
}

async function startDaemon(reporter: Reporter): Promise<void> {
  mkdirSync(home(), { recursive: true });
  removeStalePid(pidFile(), 'dockerd');
  removeStalePid('/var/run/docker.pid', 'dockerd');
  removeStalePid('/var/run/docker/containerd/containerd.pid', 'containerd');
  const log = openSync(logFile(), 'a');
  // Detached into its own session, so that it keeps running after this command and its terminal have ended.
  const child = spawn('dockerd', ['--pidfile', pidFile()], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended = false;
  child.once('exit', () => (ended = true)).once('error', () => (ended = true));
  child.unref();
  await reporter.step(`starting dockerd in the background (log: ${logFile()})`, async () => {
    const until = Date.now() + START_MS;
    while (!(await daemonState()).ok) {
      if (ended || Date.now() > until)
        throw new UserError(ended ? 'dockerd exited at startup' : 'dockerd does not answer', {
          where: logFile(),
          found: lastLines(logFile(), 3),
        });
      await sleep(300);
    }
  });
}

/** The error for a machine on which Switchyard may not install or start Docker. */
export function dockerUnavailable(reason: string, code: string | undefined, installed: boolean): UserError {
  const found = reason;
  if (process.env.DOCKER_HOST)
    return new UserError('the Docker daemon does not answer', { where: `DOCKER_HOST=${process.env.DOCKER_HOST}`, found, command: 'unset DOCKER_HOST   # to use the daemon of this machine' }); // prettier-ignore
  if (code === 'EACCES')
    return new UserError('you may not use the Docker daemon', { where: '/var/run/docker.sock', found, command: `sudo usermod -aG docker ${userInfo().username}   # then log in again` }); // prettier-ignore
  const command =
    process.platform === 'darwin'
      ? 'open -a Docker   # or, without Docker Desktop: brew install colima docker && colima start'
      : installed
        ? `sudo ${existsSync('/run/systemd/system') ? 'systemctl start docker' : 'service docker start'}`
        : isDebianLike()
          ? 'sudo apt-get install -y docker.io && sudo systemctl start docker'
          : 'install Docker Engine and start it: see https://docs.docker.com/engine/install/';
  return new UserError(installed ? 'the Docker daemon does not run' : 'Docker is not installed', {
    found,
    command,
  });
}

/** Whether Switchyard may install and start Docker: as root on Debian or Ubuntu, if DOCKER_HOST names no other daemon. */
export function mayInstallDocker(code: string | undefined): boolean {
  return (
    !process.env.DOCKER_HOST &&
    code !== 'EACCES' &&
    process.platform === 'linux' &&
    isRoot() &&
    isDebianLike()
  );
}

/** Makes sure that a Docker daemon answers. */
export async function ensureDocker(reporter: Reporter): Promise<void> {
  const first = await daemonState();
  if (first.ok) return;
  const { reason, code } = first;
  if (!mayInstallDocker(code)) throw dockerUnavailable(reason, code, await onPath('dockerd'));
  await withLock('docker', reporter.progress, async () => {
    if (!(await onPath('dockerd'))) await installPackages(['docker.io'], reporter);
    if (!(await daemonState()).ok) {
      if (existsSync('/run/systemd/system')) await execa('systemctl', ['start', 'docker'], { reject: false });
      else await startDaemon(reporter);
    }
    const now = await daemonState();
    if (!now.ok) throw dockerUnavailable(now.reason, now.code, true);
  });
}

/** Stops the daemon that {@link ensureDocker} started itself, and no other. Returns whether there was one. */
export async function stopDockerIfOurs(): Promise<boolean> {
  if (!existsSync(pidFile())) return false;
  const pid = Number(readFileSync(pidFile(), 'utf8'));
  if (!isProcess(pid, 'dockerd')) {
    rmSync(pidFile(), { force: true });
    return false;
  }
  process.kill(pid, 'SIGTERM');
  const until = Date.now() + START_MS;
  while (isProcess(pid, 'dockerd') && Date.now() < until) await sleep(200);
  return !isProcess(pid, 'dockerd');
}
