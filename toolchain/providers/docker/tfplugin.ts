import {
  loadPackageDefinition,
  type Client,
  type ClientOptions,
  type ChannelCredentials,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { join } from 'node:path';

/** A value on the wire: msgpack. */
export interface DynamicValue {
  msgpack?: Uint8Array;
}

/** One step of the path to an attribute. */
export interface PathStep {
  attribute_name?: string;
  element_key_string?: string;
  element_key_int?: number;
}

/** A message of the provider; severity 1 is an error, 2 a warning. */
export interface Diagnostic {
  severity: number;
  summary: string;
  detail: string;
  attribute?: { steps: PathStep[] } | null;
}

/** An attribute as the provider's schema describes it. */
export interface WireAttribute {
  name: string;
  type: Uint8Array;
  required: boolean;
  optional: boolean;
  computed: boolean;
  sensitive: boolean;
  nested_type?: { attributes: WireAttribute[]; nesting: number } | null;
}

/** A block as the provider's schema describes it. */
export interface WireBlock {
  attributes: WireAttribute[];
  block_types: { type_name: string; block: WireBlock; nesting: number; max_items: number }[];
}

/** A resource's or the provider's schema. */
export interface WireSchema {
  version: number;
  block: WireBlock;
}

/** The methods in use, with the types of their requests and responses. */
export interface Methods {
  GetProviderSchema: [
    object,
    { provider: WireSchema; resource_schemas: Record<string, WireSchema>; diagnostics: Diagnostic[] },
  ];
  ConfigureProvider: [{ terraform_version: string; config: DynamicValue }, { diagnostics: Diagnostic[] }];
  ValidateResourceConfig: [{ type_name: string; config: DynamicValue }, { diagnostics: Diagnostic[] }];
  UpgradeResourceState: [
    { type_name: string; version: number; raw_state: { json: Uint8Array } },
    { upgraded_state: DynamicValue; diagnostics: Diagnostic[] },
  ];
  ReadResource: [
    { type_name: string; current_state: DynamicValue; private: Uint8Array },
    { new_state: DynamicValue | null; private: Uint8Array; diagnostics: Diagnostic[] },
  ];
  PlanResourceChange: [
    {
      type_name: string;
      prior_state: DynamicValue;
      proposed_new_state: DynamicValue;
      config: DynamicValue;
      prior_private: Uint8Array;
    },
    {
      planned_state: DynamicValue;
      requires_replace: { steps: PathStep[] }[];
      planned_private: Uint8Array;
      diagnostics: Diagnostic[];
    },
  ];
  ApplyResourceChange: [
    {
      type_name: string;
      prior_state: DynamicValue;
      planned_state: DynamicValue;
      config: DynamicValue;
      planned_private: Uint8Array;
    },
    { new_state: DynamicValue | null; private: Uint8Array; diagnostics: Diagnostic[] },
  ];
  ImportResourceState: [
    { type_name: string; id: string },
    { imported_resources: { state: DynamicValue; private: Uint8Array }[]; diagnostics: Diagnostic[] },
  ];
  StopProvider: [object, { Error: string }];
}

type ClientConstructor = new (
  address: string,
  credentials: ChannelCredentials,
  options?: ClientOptions,
) => Client;

/** The gRPC client of the provider's service, made from the protocol file beside this one. */
export function providerClientClass(): ClientConstructor {
  const definition = loadSync(join(import.meta.dirname, 'tfplugin6.proto'), {
    keepCase: true,
    longs: Number,
    defaults: true,
    oneofs: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    tfplugin6: { Provider: ClientConstructor };
  };
  return loaded.tfplugin6.Provider;
}
