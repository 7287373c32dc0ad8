import { execa } from 'execa';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { ensureToolchain } from '../build.ts';
import { home } from '../../console/home-paths.ts';
import { pulumiHomeWithoutLogs } from '../../sandbox/checkout.ts';

const IMAGE = 'switchyard-toolchain-test:1';

/** Building both tools on an empty cache. */
export const BUILD_MS = 30 * 60_000;

/** A throwaway Pulumi project with its own backend and passphrase, run by the real engine through toolchain/bin. */
export class Project {
  readonly folder: string;
  readonly prefix: string;
  readonly env: Record<string, string>;

  private constructor(path: string[]) {
    this.folder = mkdtempSync(join(tmpdir(), 'switchyard-toolchain-'));
    this.prefix = `switchyard-toolchain-test-${process.pid}`;
    cpSync(join(import.meta.dirname, 'program'), this.folder, { recursive: true });
    symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(this.folder, 'node_modules'));
    writeFileSync(join(this.folder, 'Dockerfile'), `FROM ${IMAGE}\nARG CONTENT\nLABEL content=$CONTENT\n`);
    writeFileSync(join(this.folder, 'passphrase'), 'for this test only\n');
    this.env = {
      PATH: [...path, process.env['PATH']].join(delimiter),
      PULUMI_BACKEND_URL: `file://${this.folder}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(this.folder, 'passphrase'),
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_HOME: pulumiHomeWithoutLogs(join(this.folder, 'pulumi-home')),
    };
  }

  /** Installs what is needed and creates a stack `test`. */
  static async create(): Promise<Project> {
    const { path } = await ensureToolchain({ home: home() });
    await importImage();
    const project = new Project(path);
    await project.pulumi('stack', 'init', 'test');
    project.set('prefix', project.prefix);
    await project.pulumi('config', 'set', '--secret', 'token', 'the-token-1234567890');
    return project;
  }

  /** Runs `pulumi` and returns what it printed; throws where it fails. */
  async pulumi(...args: string[]): Promise<string> {
    const { all } = await execa('pulumi', [...args, '--non-interactive'], {
      cwd: this.folder,
      env: this.env,
      all: true,
      stdin: 'ignore',
    });
    return all;
  }

  /** Runs `pulumi`, which must fail, and returns what it printed. */
  async refused(args: string[], env: Record<string, string> = {}): Promise<string> {
    const { all, exitCode } = await execa('pulumi', [...args, '--non-interactive'], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      all: true,
      reject: false,
      stdin: 'ignore',
    });
    if (exitCode === 0) throw new Error(`pulumi ${args.join(' ')} succeeded:\n${all}`);
    return all;
  }

  /** Sets a value of the stack's configuration, or removes it. In its file, which takes Pulumi most of a second. */
  set(key: string, value?: string): void {
    const file = join(this.folder, 'Pulumi.test.yaml');
    const settings = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> };
    const config = { ...settings.config, [`toolchain-test:${key}`]: value };
    writeFileSync(file, stringify({ ...settings, config }));
  }

  up(...args: string[]): Promise<string> {
    return this.pulumi('up', '--yes', '--skip-preview', ...args);
  }

  async output(name: string): Promise<string> {
    return (await this.pulumi('stack', 'output', name, '--show-secrets')).split('\n').at(-1) ?? '';
  }

  /** The changes that a preview announces, by resource name: create, update, replace, delete. */
  async preview(): Promise<Record<string, string>> {
    const { stdout } = await execa('pulumi', ['preview', '--json', '--non-interactive'], {
      cwd: this.folder,
      env: this.env,
      stdin: 'ignore',
    });
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    const changes = steps.filter(({ op }) => ['create', 'update', 'replace', 'delete'].includes(op));
    return Object.fromEntries(changes.map(({ op, urn }) => [urn.split('::').at(-1)!, op]));
  }

  /** The names of this project's containers, running or not. */
  async containers(): Promise<string[]> {
    const filter = `network=${this.prefix}`;
    const { stdout } = await execa('docker', ['ps', '-aq', '--no-trunc', '--filter', filter]);
    return stdout.split('\n').filter(Boolean);
  }

  /** Removes everything, whatever became of the stack. */
  async remove(): Promise<void> {
    await this.pulumi('destroy', '--yes', '--skip-preview').catch(() => undefined);
    const containers = await this.containers().catch(() => []);
    if (containers.length > 0) await execa('docker', ['rm', '-f', ...containers]);
    await execa('docker', ['network', 'rm', this.prefix], { reject: false });
    await execa('docker', ['volume', 'rm', this.prefix], { reject: false });
    await execa('docker', ['rmi', '-f', `${this.prefix}:1`, `${this.prefix}:2`], { reject: false });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A tiny image of our own: one static Go program, so that the test needs no image registry. */
async function importImage(): Promise<void> {
  const known = await execa('docker', ['image', 'inspect', IMAGE], { reject: false });
  if (known.exitCode === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-image-'));
  try {
    await execa('go', ['build', '-buildvcs=false', '-ldflags', '-s -w', '-o', join(folder, 'probe'), '.'], {
      cwd: join(import.meta.dirname, 'image'),
      env: { CGO_ENABLED: '0' },
    });
    const tar = execa('tar', ['-C', folder, '-c', 'probe'], { encoding: 'buffer' });
    await tar.pipe('docker', ['import', '-c', 'ENTRYPOINT ["/probe"]', '-', IMAGE]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
