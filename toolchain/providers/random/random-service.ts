import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import pluginProto from '@pulumi/pulumi/proto/plugin_pb.js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import { readProperties, UNKNOWN, writeProperties } from '../../plugin/properties.ts';
import { PluginError, unary } from '../../plugin/rpc.ts';
import { servePlugin } from '../../plugin/serve.ts';
import { RANDOM_PLUGIN_VERSION } from '../../pinned-versions.ts';
import { changedInputs, withDefaults } from './changed.ts';
import { randomId } from './random-id.ts';
import { randomPassword } from './random-password.ts';
import type { RandomType } from './random-type.ts';

/** The types served, by token. */
export const RANDOM_TYPES: Record<string, RandomType> = {
  'random:index/randomPassword:RandomPassword': randomPassword,
  'random:index/randomId:RandomId': randomId,
};

/** The plugin's methods. */
export const randomService = {
  handshake: unary(() => new providerProto.ProviderHandshakeResponse().setAcceptSecrets(true)),
  getPluginInfo: unary(() => new pluginProto.PluginInfo().setVersion(RANDOM_PLUGIN_VERSION)),
  checkConfig: unary((request: providerProto.CheckRequest) =>
    new providerProto.CheckResponse().setInputs(request.getNews()),
  ),
  diffConfig: unary(() =>
    new providerProto.DiffResponse().setChanges(providerProto.DiffResponse.DiffChanges.DIFF_NONE),
  ),
  configure: unary(() =>
    new providerProto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true),
  ),
  check: unary(check),
  diff: unary(diff),
  create: unary(create),
  // A random value exists only in the state: it is returned unchanged, including properties that only another plugin knows.
  read: unary((request: providerProto.ReadRequest) =>
    new providerProto.ReadResponse()
      .setId(request.getId())
      .setProperties(request.getProperties())
      .setInputs(request.getInputs()),
  ),
  update: unary((request: providerProto.UpdateRequest) =>
    new providerProto.UpdateResponse().setProperties(request.getOlds()),
  ),
  delete: unary(() => new emptyProto.Empty()),
  cancel: unary(() => new emptyProto.Empty()),
} satisfies UntypedServiceImplementation;

/** Serves the part of Pulumi's `random` package that Switchyard uses. */
export async function serveRandom(): Promise<void> {
  await servePlugin(
    (server) => server.addService(providerGrpc.ResourceProviderService, randomService),
    () => undefined,
  );
}

function typeOf(token: string): RandomType {
  const type = RANDOM_TYPES[token];
  if (type) return type;
  throw new PluginError(
    `${token}: this replacement of the Random plugin supports ${Object.keys(RANDOM_TYPES).join(' and ')}. ` +
      'For other types install the official plugin: pulumi plugin install resource random',
  );
}

/** The inputs are stored as the program gives them, as with the official plugin. */
function check(request: providerProto.CheckRequest): providerProto.CheckResponse {
  const type = typeOf(request.getType());
  const { values } = readProperties(request.getNews());
  const failures = type
    .check(withDefaults(type, values))
    .map(([property, reason]) => new providerProto.CheckFailure().setProperty(property).setReason(reason));
  return new providerProto.CheckResponse().setInputs(request.getNews()).setFailuresList(failures);
}

/** A random value is kept until an input changes; then a new one is generated. */
function diff(request: providerProto.DiffRequest): providerProto.DiffResponse {
  const type = typeOf(request.getType());
  // If the engine sends no old inputs, compare with the outputs, which include every input.
  const olds = readProperties(request.getOldInputs() ?? request.getOlds()).values;
  const news = readProperties(request.getNews()).values;
  const changed = changedInputs(type, olds, news, request.getIgnorechangesList());
  const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;
  return new providerProto.DiffResponse()
    .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList(changed)
    .setReplacesList(changed);
}

function create(request: providerProto.CreateRequest): providerProto.CreateResponse {
  const type = typeOf(request.getType());
  const { values: inputs, secrets } = readProperties(request.getProperties());
  const values = withDefaults(type, inputs);
  const hidden = Object.keys(type.outputs).filter((name) => type.outputs[name] === 'secret');
  const made = request.getPreview()
    ? { id: '', outputs: Object.fromEntries(Object.keys(type.outputs).map((name) => [name, UNKNOWN])) }
    : type.create(values);
  return new providerProto.CreateResponse()
    .setId(made.id)
    .setProperties(
      writeProperties({ ...values, ...made.outputs }, [...secrets, ...hidden.map((name) => [name])]),
    );
}
