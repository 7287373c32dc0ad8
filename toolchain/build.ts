import { delimiter, dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { compile, requireGo, type Progress } from './build/go.ts';
import { inspect, writeChecksum } from './build/build-checksum.ts';
import { dockerProviderBinary, engineBinary, PLUGIN_BIN } from './toolchain-paths.ts';
import { home } from '../console/home-paths.ts';
import { isAlive } from '../console/is-alive.ts';
import { DOCKER_PROVIDER_VERSION, ENGINE_VERSION } from './pinned-versions.ts';

/** A program that is built from Go modules. */
export interface Tool {
  /** Its name in messages. */
  title: string;
  /** The folder with the go.mod and go.sum that pin it. */
  module: string;
  /** The package to build. */
  package: string;
  ldflags: string;
  binary: (home: string) => string;
}

/** Where and how to build. */
export interface BuildOptions {
  /** SWITCHYARD_HOME. */
  home: string;
  /** Called with lines of progress. */
  onProgress?: Progress;
  /** Compares the hash even if size and time of the file have not changed. */
  deep?: boolean;
}

/** Pulumi's engine. Its version is set because the SDK's Automation API refuses an engine without one. */
export const ENGINE: Tool = {
  title: `Pulumi's engine ${ENGINE_VERSION}`,
  module: join(import.meta.dirname, 'engine'),
  package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
  ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${ENGINE_VERSION}`,
  binary: engineBinary,
};

/** The Terraform Docker provider, which the Docker plugin uses. */
export const DOCKER_PROVIDER: Tool = {
  title: `the Terraform Docker provider ${DOCKER_PROVIDER_VERSION}`,
  module: join(import.meta.dirname, 'docker'),
  package: 'github.com/terraform-providers/terraform-provider-docker',
  ldflags: '-s -w',
  binary: dockerProviderBinary,
};

/**
 * Makes sure that engine, provider and plugins exist and are intact; builds what is missing or damaged.
 *
 * @returns the folders to put on PATH; the first one holds `pulumi`
 */
export async function ensureToolchain(options: BuildOptions): Promise<{ path: string[] }> {
  const engine = await ensureTool(ENGINE, options);
  await ensureTool(DOCKER_PROVIDER, options);
  return { path: [dirname(engine), PLUGIN_BIN] };
}

/** Builds one tool if it is missing or damaged, and returns its path. */
export async function ensureTool(tool: Tool, options: BuildOptions): Promise<string> {
  const { home, onProgress = () => undefined } = options;
  const binary = tool.binary(home);
  const state = await inspect(binary, options.deep);
  if (state === 'intact') return binary;
  if (state === 'damaged') onProgress(`${tool.title}: ${binary} is damaged; building it again`);
  await build(tool, binary, onProgress);
  return binary;
}

/** The problems of the cache; empty if it is intact. */
export async function verify(options: BuildOptions): Promise<string[]> {
  const findings: string[] = [];
  for (const tool of [ENGINE, DOCKER_PROVIDER]) {
    const binary = tool.binary(options.home);
    const state = await inspect(binary, options.deep ?? true);
    if (state === 'damaged') findings.push(`${binary} is damaged`);
    if (state === 'missing') findings.push(`${tool.title} is not built yet`);
  }
  return findings;
}

/** Builds in a temporary folder and moves the complete result to the final one, so that no incomplete tool is ever used. */
async function build(tool: Tool, binary: string, onProgress: Progress): Promise<void> {
  const folder = dirname(binary);
  const partial = `${folder}.building-${process.pid}`;
  await removeInterruptedBuilds(folder);
  await mkdir(partial, { recursive: true });
  try {
    await requireGo(tool.title);
    onProgress(`building ${tool.title} from Go modules, which takes some minutes the first time`);
    const built = join(partial, binary.slice(folder.length + 1));
    await compile({ ...tool, output: built, onProgress });
    await chmod(built, 0o755);
    await writeChecksum(built);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    onProgress(`built ${tool.title}`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Removes the temporary folders of interrupted builds. */
async function removeInterruptedBuilds(folder: string): Promise<void> {
  const parent = dirname(folder);
  if (!existsSync(parent)) return;
  const prefix = `${folder.slice(parent.length + 1)}.building-`;
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length)))) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

if (import.meta.main) {
  try {
    const { path } = await ensureToolchain({
      home: home(),
      onProgress: (line) => process.stderr.write(`${line}\n`),
      deep: true,
    });
    process.stdout.write(`export PATH="${path.join(delimiter)}${delimiter}$PATH"\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
