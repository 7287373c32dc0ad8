import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { setTimeout } from 'node:timers/promises';
import pluginProto from '@pulumi/pulumi/proto/plugin_pb.js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import { readProperties } from '../../plugin/properties.ts';
import { unary } from '../../plugin/rpc.ts';
import { servePlugin } from '../../plugin/serve.ts';
import { DOCKER_PLUGIN_VERSION } from '../../pinned-versions.ts';
import { Lifecycle } from './lifecycle.ts';
import { DEFAULTS } from './naming.ts';
import { Registry } from './registry.ts';
import { TerraformProvider } from './terraform.ts';

/** How long an aborted creation may take to clean up. */
const ABORT_MS = 20_000;

/** Serves Pulumi's `docker` package by means of the Terraform Docker provider. */
export async function serveDocker(): Promise<void> {
  const terraform = new TerraformProvider();
  const registry = new Registry(terraform);
  const lifecycle = new Lifecycle(registry);
  const service: UntypedServiceImplementation = {
    handshake: unary(() =>
      new providerProto.ProviderHandshakeResponse()
        .setAcceptSecrets(true)
        .setSupportsAutonamingConfiguration(true),
    ),
    getPluginInfo: unary(() => new pluginProto.PluginInfo().setVersion(DOCKER_PLUGIN_VERSION)),
    checkConfig: unary((request: providerProto.CheckRequest) =>
      new providerProto.CheckResponse().setInputs(request.getNews()),
    ),
    diffConfig: unary((request: providerProto.DiffRequest) => diffConfig(request)),
    configure: unary(async (request: providerProto.ConfigureRequest) => {
      await registry.configure(readProperties(request.getArgs()).values);
      return new providerProto.ConfigureResponse()
        .setAcceptsecrets(true)
        .setSupportspreview(true)
        .setSupportsAutonamingConfiguration(true);
    }),
    check: unary((request: providerProto.CheckRequest) => lifecycle.check(request)),
    diff: unary((request: providerProto.DiffRequest) => lifecycle.diff(request)),
    create: unary((request: providerProto.CreateRequest, isAbandoned) =>
      lifecycle.create(request, isAbandoned),
    ),
    read: unary((request: providerProto.ReadRequest) => lifecycle.read(request)),
    update: unary((request: providerProto.UpdateRequest) => lifecycle.update(request)),
    delete: unary((request: providerProto.DeleteRequest) => lifecycle.delete(request)),
    cancel: unary(async () => {
      await terraform.interrupt();
      return new emptyProto.Empty();
    }),
  };
  await servePlugin(
    (server) => server.addService(providerGrpc.ResourceProviderService, service),
    async () => {
      // The engine has ended during a creation: abort it, so that no resource remains that is in no state.
      if (lifecycle.isCreating()) {
        await terraform.interrupt();
        await Promise.race([lifecycle.settled(), setTimeout(ABORT_MS, undefined, { ref: false })]);
      }
      await terraform.close();
    },
  );
}

/**
 * Another Docker host means another set of resources; the other settings only describe how to reach it.
 *
 * Values that the official plugin took from the environment (`__defaults`) do not count as removed by the program, and
 * names that begin with `__` are not settings.
 */
export function diffConfig(request: providerProto.DiffRequest): providerProto.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;
  const olds = readProperties(request.getOldInputs()).values;
  const news = readProperties(request.getNews()).values;
  const defaults = olds[DEFAULTS];
  const isFilledIn = (name: string) => !(name in news) && Array.isArray(defaults) && defaults.includes(name);
  const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (name) =>
      name !== 'version' &&
      !name.startsWith('__') &&
      !isFilledIn(name) &&
      JSON.stringify(olds[name]) !== JSON.stringify(news[name]),
  );
  return new providerProto.DiffResponse()
    .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList(changed)
    .setReplacesList(changed.filter((name) => name === 'host'));
}
