/**
 * A local server that replaces get.pulumi.com: it serves the engine that toolchain/ built, in the form of Pulumi's release, and small
 * plugins, which the real engine unpacks. The process that uses it gets temporary folders.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { installedVersion } from '../../console/home-paths.ts';
import { platformNames } from '../../bootstrap/platform.ts';
import { requiredPlugins } from '../../bootstrap/plugins.ts';
import { engineArchive, PINNED, type Plugin, pluginArchive } from '../../bootstrap/pulumi-archives.ts';
import { ensureToolchain } from '../build.ts';

const NAMES = ['PATH', 'SWITCHYARD_HOME', 'SWITCHYARD_PULUMI', 'SWITCHYARD_PULUMI_MIRROR', 'PULUMI_HOME'];
const platform = platformNames();
const version = installedVersion('@pulumi/pulumi');

/** The plugins. */
export const [docker, random] = requiredPlugins() as [Plugin, Plugin];

/** The path of the engine's release. */
export const ENGINE = engineArchive(version, platform).path;

/** The path of a plugin's archive. */
export function archiveOf(plugin: Plugin): string {
  return pluginArchive(plugin, platform).path;
}

/** A running server, and the process's environment pointed at it. */
export class PulumiMirror {
  /** What it hands out, by path. */
  readonly files = new Map<string, Buffer>();
  /** True: it never sends a byte. */
  silent = false;
  /** The paths that were requested, and the lines of progress in the meantime. */
  asked: string[] = [];
  told: string[] = [];
  readonly work = mkdtempSync(join(tmpdir(), 'switchyard-official-'));
  /** SWITCHYARD_HOME, and where the engine comes to lie in it. */
  readonly home = join(this.work, 'home');
  readonly engineRoot = join(this.home, 'tools', `pulumi-official-${version}`);
  readonly engineFolder = join(this.engineRoot, 'pulumi');
  readonly #saved = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(request.url ?? '');
      const file = this.files.get(request.url ?? '');
      if (this.silent) return;
      if (file) response.end(file);
      else response.writeHead(404).end();
    });
  }

  /** Records lines of progress. */
  readonly reporter = {
    progress: (line: string): void => void this.told.push(line),
    step: <T>(label: string, run: () => Promise<T>): Promise<T> => {
      this.told.push(label);
      return run();
    },
  };

  /** Where a plugin comes to lie. */
  pluginFolder({ name, version: plugin }: Plugin): string {
    return join(this.work, `pulumi-home/plugins/resource-${name}-v${plugin}`);
  }

  /** The plugin itself. */
  binaryOf(plugin: Plugin): string {
    return join(this.pluginFolder(plugin), `pulumi-resource-${plugin.name}`);
  }

  /** Packs the releases and begins to serve. */
  async start(): Promise<void> {
    const home = process.env.SWITCHYARD_HOME ?? join(homedir(), '.switchyard');
    const { path } = await ensureToolchain({ home });
    const sdk = join(this.work, 'sdk');
    mkdirSync(join(sdk, 'pulumi'), { recursive: true });
    copyFileSync(join(path[0]!, 'pulumi'), join(sdk, 'pulumi', 'pulumi'));
    writeFileSync(join(sdk, 'pulumi', 'pulumi-language-nodejs'), '#!/bin/sh\n', { mode: 0o755 });
    const engine = await this.#pack(sdk);
    this.files.set(ENGINE, engine);
    for (const plugin of [docker, random]) {
      const folder = join(this.work, `plugin-${plugin.name}`);
      mkdirSync(folder);
      const script = '#!/bin/sh\n# as published\n';
      writeFileSync(join(folder, `pulumi-resource-${plugin.name}`), script, { mode: 0o755 });
      this.files.set(archiveOf(plugin), await this.#pack(folder));
    }
    this.pin();
    await new Promise<void>((ready) => this.#server.listen(0, '127.0.0.1', ready));
    process.env.SWITCHYARD_HOME = this.home;
    process.env.PULUMI_HOME = join(this.work, 'pulumi-home');
    process.env.SWITCHYARD_PULUMI = 'official';
    process.env.SWITCHYARD_PULUMI_MIRROR = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Has Switchyard expect what is handed out now. */
  pin(): void {
    for (const [path, body] of this.files)
      PINNED[path.slice(path.lastIndexOf('/') + 1)] = createHash('sha256').update(body).digest('hex');
  }

  /** Clears the recorded requests and lines. */
  forget(): void {
    this.asked = [];
    this.told = [];
  }

  /** Ends it, restores the environment, removes the folders. */
  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    for (const name of NAMES) {
      if (this.#saved[name] === undefined) delete process.env[name];
      else process.env[name] = this.#saved[name];
    }
    rmSync(this.work, { recursive: true });
  }

  /** A tar.gz of `folder`'s content. */
  async #pack(folder: string): Promise<Buffer> {
    const file = join(this.work, 'packed');
    await execa('tar', ['-c', '-I', 'gzip -1', '-f', file, '-C', folder, ...readdirSync(folder)]);
    return readFileSync(file);
  }
}
