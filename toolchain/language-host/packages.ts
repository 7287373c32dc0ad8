import pluginProto from '@pulumi/pulumi/proto/plugin_pb.js';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface Manifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  pulumi?: { resource?: boolean; name?: string; version?: string; server?: string };
}

/**
 * The resource plugins that a program needs: those of its direct dependencies that declare one in their package.json,
 * under `pulumi.resource`.
 *
 * @param directory the program's folder
 */
export function requiredPackages(directory: string): pluginProto.PackageDependency[] {
  const manifestFile = findUp(directory, 'package.json');
  if (!manifestFile) return [];
  const require = createRequire(manifestFile);
  const found: pluginProto.PackageDependency[] = [];
  for (const name of Object.keys(readManifest(manifestFile)?.dependencies ?? {})) {
    const manifest = readManifest(packageManifest(require, name));
    if (!manifest?.pulumi?.resource) continue;
    found.push(
      new pluginProto.PackageDependency()
        .setKind('resource')
        .setName(manifest.pulumi.name ?? name.replace(/^@pulumi\//, ''))
        .setVersion((manifest.pulumi.version ?? manifest.version ?? '').replace(/^v/, ''))
        .setServer(manifest.pulumi.server ?? ''),
    );
  }
  return found;
}

function findUp(directory: string, file: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const candidate = join(at, file);
    if (readManifest(candidate)) return candidate;
    if (at === dirname(at)) return undefined;
  }
}

/** `require.resolve(name + '/package.json')` fails if `exports` hides it, so search the folders instead. */
function packageManifest(require: NodeJS.Require, name: string): string | undefined {
  return require.resolve
    .paths(name)
    ?.map((folder) => join(folder, name, 'package.json'))
    .find((file) => readManifest(file));
}

function readManifest(file: string | undefined): Manifest | undefined {
  try {
    return file ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : undefined;
  } catch {
    return undefined;
  }
}
