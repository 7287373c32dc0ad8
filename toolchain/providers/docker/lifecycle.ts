import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import emptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import { partialFailure } from '../../plugin/partial.ts';
import { readProperties, writeProperties } from '../../plugin/properties.ts';
import { redact, secretTexts } from '../../plugin/plugin-redact.ts';
import { PluginError } from '../../plugin/rpc.ts';
import { checkInputs } from './check.ts';
import { diffResponse } from './diff-response.ts';
import { preserveOutputs } from './preserve-outputs.ts';
import { readImported } from './read-imported.ts';
import type { Registry } from './registry.ts';
import { idOf, type ResourceType } from './resource.ts';
import { outputs } from './state.ts';
import { rollback } from './rollback.ts';
import { toPulumi } from './values.ts';

/** The lifecycle of resources: translates Pulumi's requests to the provider's protocol and back. */
export class Lifecycle {
  private readonly registry: Registry;
  /** The creations in progress. */
  private readonly creating = new Set<Promise<unknown>>();

  constructor(registry: Registry) {
    this.registry = registry;
  }

  async check(request: providerProto.CheckRequest): Promise<providerProto.CheckResponse> {
    return checkInputs(request, await this.typeOf(request));
  }

  async diff(request: providerProto.DiffRequest): Promise<providerProto.DiffResponse> {
    const type = await this.typeOf(request);
    const olds = readProperties(request.getOlds()).values;
    const news = readProperties(request.getNews()).values;
    const prior = await type.state(request.getId(), olds);
    const plan = await type.plan(prior, news, olds, request.getIgnorechangesList());
    return diffResponse(plan, type.difference(plan), news, type.shape);
  }

  /** Whether a resource is being created, which would be left behind if the plugin ended now. */
  isCreating(): boolean {
    return this.creating.size > 0;
  }

  /** Waits until nothing is being created. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.creating);
  }

  async create(
    request: providerProto.CreateRequest,
    isAbandoned: () => boolean = () => false,
  ): Promise<providerProto.CreateResponse> {
    const creation = this.doCreate(request, isAbandoned);
    this.creating.add(creation);
    return creation.finally(() => this.creating.delete(creation));
  }

  private async doCreate(
    request: providerProto.CreateRequest,
    isAbandoned: () => boolean,
  ): Promise<providerProto.CreateResponse> {
    const type = await this.typeOf(request);
    const inputs = readProperties(request.getProperties());
    const plan = await type.plan(undefined, inputs.values);
    if (request.getPreview()) {
      const planned = toPulumi(plan.planned.value, type.shape);
      return new providerProto.CreateResponse().setProperties(writeProperties(planned, inputs.secrets));
    }
    const { state, errors } = await type.apply(plan, 'create', request.getTimeout());
    if (errors.length > 0) throw await rollback(this.registry.host, type, state, errors, inputs);
    // The engine has ended meanwhile and would not get the response.
    if (isAbandoned())
      throw await rollback(this.registry.host, type, state, ['the engine has ended'], inputs);
    if (!state) throw new PluginError(`${type.shape.type}: the provider created nothing and gave no reason`);
    return new providerProto.CreateResponse()
      .setId(idOf(state))
      .setProperties(outputs(state, type.shape, inputs.secrets));
  }

  async update(request: providerProto.UpdateRequest): Promise<providerProto.UpdateResponse> {
    const type = await this.typeOf(request);
    const inputs = readProperties(request.getNews());
    const olds = readProperties(request.getOlds());
    const prior = await type.state(request.getId(), olds.values);
    const plan = await type.plan(prior, inputs.values, olds.values, request.getIgnorechangesList());
    if (request.getPreview()) {
      const planned = preserveOutputs(toPulumi(plan.planned.value, type.shape), olds, type.shape);
      const secrets = [...inputs.secrets, ...planned.secrets];
      return new providerProto.UpdateResponse().setProperties(writeProperties(planned.values, secrets));
    }
    const { state, errors } = await type.apply(plan, 'update', request.getTimeout());
    if (errors.length > 0) {
      // The provider writes the planned values into the state even if it failed: read the actual ones.
      const actual = (await type.read(prior).catch(() => undefined)) ?? prior;
      const reasons = errors.map((error) => redact(error, secretTexts(inputs)));
      throw partialFailure(request.getId(), outputs(actual, type.shape, inputs.secrets, olds), reasons);
    }
    return new providerProto.UpdateResponse().setProperties(
      outputs(state ?? prior, type.shape, inputs.secrets, olds),
    );
  }

  async read(request: providerProto.ReadRequest): Promise<providerProto.ReadResponse> {
    const type = await this.typeOf(request);
    const olds = readProperties(request.getProperties());
    const inputs = readProperties(request.getInputs());
    const isKnown = Object.keys(olds.values).length > 0;
    const state = isKnown
      ? await type.read(await type.state(request.getId(), olds.values))
      : await type.import(request.getId());
    // Without an id the engine considers it deleted.
    if (!state || !idOf(state)) return new providerProto.ReadResponse();
    const secrets = [...olds.secrets, ...inputs.secrets];
    return new providerProto.ReadResponse()
      .setId(idOf(state))
      .setProperties(outputs(state, type.shape, secrets, olds))
      .setInputs(isKnown && request.getInputs() ? request.getInputs() : readImported(state, type.shape));
  }

  async delete(request: providerProto.DeleteRequest): Promise<emptyProto.Empty> {
    const type = await this.typeOf(request);
    const olds = readProperties(request.getProperties());
    const state = await type.state(request.getId(), olds.values);
    try {
      await type.remove(state, request.getTimeout());
    } catch (error) {
      // It does not exist any more: it was removed outside Pulumi, which is fine.
      if (await type.read(state).catch(() => state)) throw error;
    }
    return new emptyProto.Empty();
  }

  private typeOf(request: { getType(): string }): Promise<ResourceType> {
    return this.registry.type(request.getType());
  }
}
