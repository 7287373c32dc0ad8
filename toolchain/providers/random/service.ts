import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import pluginProto from '@pulumi/pulumi/proto/plugin_pb.js';
import providerGrpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import { readProperties, UNKNOWN, writeProperties, type Value } from '../../plugin/properties.ts';
import { PluginError, unary } from '../../plugin/rpc.ts';
import { servePlugin } from '../../plugin/serve.ts';
import { RANDOM_PLUGIN_VERSION } from '../../versions.ts';
import { randomId } from './id.ts';
import { randomPassword } from './password.ts';

/** A kind of random value: what it takes, what it makes. */
export interface RandomType {
  /** The inputs and what they are when the program does not say. */
  inputs: Record<string, Value | undefined>;
  /** The outputs beside the inputs; those named here are secret. */
  outputs: Record<string, 'plain' | 'secret'>;
  /** Says what is wrong with the inputs: property and reason. */
  check: (inputs: Record<string, Value>) => [property: string, reason: string][];
  /** Draws a value. */
  create: (inputs: Record<string, Value>) => { id: string; outputs: Record<string, Value> };
}

const TYPES: Record<string, RandomType> = {
  'random:index/randomPassword:RandomPassword': randomPassword,
  'random:index/randomId:RandomId': randomId,
};

/** Serves as much of Pulumi's `random` package as Switchyard uses. */
export async function serveRandom(): Promise<void> {
  const service: UntypedServiceImplementation = {
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
    // There is nothing outside the state to look at or to change.
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
  };
  await servePlugin(
    (server) => server.addService(providerGrpc.ResourceProviderService, service),
    () => undefined,
  );
}

function typeOf(token: string): RandomType {
  const type = TYPES[token];
  if (type) return type;
  throw new PluginError(
    `${token}: this stand-in for the Random plugin knows ${Object.keys(TYPES).join(' and ')}. ` +
      'For anything else install the official plugin: pulumi plugin install resource random',
  );
}

function check(request: providerProto.CheckRequest): providerProto.CheckResponse {
  const type = typeOf(request.getType());
  const { values, secrets } = readProperties(request.getNews());
  const defaults = Object.entries(type.inputs).filter(([, value]) => value !== undefined);
  const inputs = { ...(Object.fromEntries(defaults) as Record<string, Value>), ...values };
  const failures = type
    .check(inputs)
    .map(([property, reason]) => new providerProto.CheckFailure().setProperty(property).setReason(reason));
  return new providerProto.CheckResponse()
    .setInputs(writeProperties(inputs, secrets))
    .setFailuresList(failures);
}

/** A random value stays until an input changes; then it is drawn anew. */
function diff(request: providerProto.DiffRequest): providerProto.DiffResponse {
  const type = typeOf(request.getType());
  const ignored = new Set(request.getIgnorechangesList());
  const olds = readProperties(request.getOlds()).values;
  const news = readProperties(request.getNews()).values;
  const changed = Object.keys(type.inputs).filter(
    (name) => !ignored.has(name) && canonical(olds[name] ?? null) !== canonical(news[name] ?? null),
  );
  const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;
  return new providerProto.DiffResponse()
    .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
    .setDiffsList(changed)
    .setReplacesList(changed);
}

function create(request: providerProto.CreateRequest): providerProto.CreateResponse {
  const type = typeOf(request.getType());
  const { values, secrets } = readProperties(request.getProperties());
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

/** A text that is the same for the same value, whatever the order of its keys. */
function canonical(value: Value): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
