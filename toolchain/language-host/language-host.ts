import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import languageGrpc from '@pulumi/pulumi/proto/language_grpc_pb.js';
import languageProto from '@pulumi/pulumi/proto/language_pb.js';
import pluginProto from '@pulumi/pulumi/proto/plugin_pb.js';
import emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import { unary } from '../plugin/rpc.ts';
import { servePlugin } from '../plugin/serve.ts';
import { requiredPackages } from './packages.ts';
import { ProgramRunner } from './program.ts';

/**
 * Serves Pulumi's `LanguageRuntime` for Node programs: the part that `pulumi up`, `preview`, `refresh`, `destroy`,
 * `import` and `config` need. All other methods respond "unimplemented", which the engine understands.
 *
 * @param engineAddress the engine's address, from the command line
 */
export async function serveLanguageHost(engineAddress: string): Promise<void> {
  const runner = new ProgramRunner(engineAddress);
  const service: UntypedServiceImplementation = {
    handshake: unary(() => new languageProto.LanguageHandshakeResponse()),
    getPluginInfo: unary(() => new pluginProto.PluginInfo().setVersion(sdkVersion())),
    getRequiredPackages: unary((request: languageProto.GetRequiredPackagesRequest) => {
      const directory = request.getInfo()?.getProgramDirectory() ?? process.cwd();
      return new languageProto.GetRequiredPackagesResponse().setPackagesList(requiredPackages(directory));
    }),
    runtimeOptionsPrompts: unary(() => new languageProto.RuntimeOptionsResponse()),
    run: unary((request: languageProto.RunRequest) => runner.run(request)),
    cancel: unary(() => {
      runner.stop();
      return new emptyProto.Empty();
    }),
  };
  await servePlugin(
    (server) => server.addService(languageGrpc.LanguageRuntimeService, service),
    () => runner.stop(),
  );
}

/** The version of the installed SDK: the official host has the same version. */
function sdkVersion(): string {
  const manifest = createRequire(import.meta.url).resolve('@pulumi/pulumi/package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
