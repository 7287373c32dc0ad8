/** The Pulumi program: deploys a gateway from settings and catalogue, and outputs the files for its clients. */
import '../infra/lean-sdk.ts';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { clientKeys, clientView } from '../domain/render/client-view.ts';
import { HOST_NAME } from '../domain/plan/host-address.ts';
import { PORTKEY_ALIAS, PORTKEY_GATEWAY_KEY } from '../domain/plan/default-fallback.ts';
import { clientMetadata, clientTexts } from '../domain/render/client-outputs.ts';
import { virtualKeys } from '../domain/plan/key-plan.ts';
import { localConfig, localRoutes } from '../domain/render/portkey-routes.ts';
import { formatProblems, formatWarning, hasErrors } from '../domain/diagnostics/problems.ts';
import { EDGE_MEMORY_MB } from '../domain/schema/edge-limits.ts';
import { Switchyard, type SwitchyardArgs } from '../infra/switchyard.ts';
import { edgeFiles, gatewayFiles, stackPlan } from './container-files.ts';
import { type Inputs, loadInputs, type RawConfig, template } from './load.ts';
import { ROOT } from '../console/home-paths.ts';

// `keys rotate --now` creates the new master key alone, by a targeted update. The engine would replace the stack's outputs even then: by
// those of settings that are not deployed, and of resources that do not exist yet. Not registered, they stay as they are.
const masterKeyAlone = process.env.SWITCHYARD_KEEP_OUTPUTS !== undefined;
if (masterKeyAlone) Object.assign(pulumi.ComponentResource.prototype, { registerOutputs: () => undefined });

const stack = pulumi.getStack();
const inputs = checkedInputs();
const { settings, keyNames } = inputs;
const config = new pulumi.Config();
const stackKeys = virtualKeys(settings, inputs.catalog);
const providerKeys = Object.fromEntries(keyNames.map((name) => [name, config.requireSecret(name)]));

const switchyard = new Switchyard('switchyard', {
  stack,
  bind: settings.bind,
  port: settings.port,
  replicas: settings.replicas,
  memoryMb: settings.memoryMb,
  edgeMemoryMb: EDGE_MEMORY_MB,
  drainSeconds: settings.drainSeconds,
  masterKey: settings.masterKey,
  virtualKeys: stackKeys,
  ...(settings.image === undefined ? {} : { publishedImage: settings.image.ref }),
  imageContexts: {
    gateway: imageContext('gateway'),
    published: imageContext('published'),
    edge: imageContext('edge'),
    portkey: imageContext('portkey'),
  },
  gatewayFiles: gatewayFiles(inputs),
  edgeFiles: edgeFiles(inputs),
  ...ownPortkey(),
  hostName: HOST_NAME,
  providerKeys,
  masterKeyAlone,
});

// The form of outputs that commands read is in domain/schema/outputs-schema.ts. docs/configuration.md lists all outputs.

/** The gateway's address for clients. OpenAI's clients need `/v1` at its end, Anthropic's do not. */
export const endpoint = switchyard.endpoint;
export const openaiBaseUrl = `${endpoint}/v1`;
/** The operator's key, and its generation: how many keys there have been. */
export const masterKey = switchyard.masterKey;
export const masterKeyGeneration = switchyard.masterKeyGeneration;

/** The virtual keys' values by name. Secret. */
export const keys = pulumi.secret(switchyard.virtualKeys);

const clientInputs = {
  ...inputs,
  endpoint,
  template: JSON.parse(template('opencode.json')) as Record<string, unknown>,
};
const view = clientView(clientInputs);
/** The metadata that `smoke` and `agents` need. */
export const client = clientMetadata(view, inputs.plan, stackKeys);
/** The texts of opencode's two files, with the keys. */
export const clientFiles = pulumi.secret(
  pulumi
    .all([masterKey, pulumi.all(providerKeys)])
    .apply(([key, keys]) => clientTexts(view, clientKeys(clientInputs, key, keys), client)),
);
/** The aliases that the gateway serves, and the unavailable ones of the catalogue, each with the command that makes it available. */
export const models = inputs.plan.served.map((model) => model.alias);
export const leftOut = inputs.plan.unavailable;
/** What the gateways serve; `preview` compares it with what it would deploy. */
export const plan = stackPlan(inputs);

/**
 * The catalogue and the settings. Logs warnings.
 *
 * @throws RunError with all problems, which ends the program.
 */
function checkedInputs(): Inputs {
  const { inputs, problems } = loadInputs(stack, rawConfig());
  if (inputs === undefined || hasErrors(problems)) throw new pulumi.RunError(formatProblems(problems));
  for (const problem of problems) void pulumi.log.warn(formatWarning(problem));
  return inputs;
}

/** This project's config from Pulumi (`switchyard:port` and so on). */
function rawConfig(): RawConfig {
  const prefix = `${pulumi.getProject()}:`;
  const own = (name: string): boolean => name.startsWith(prefix);
  const bare = (name: string): string => name.slice(prefix.length);
  const secretKeys = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? '[]') as string[];
  return {
    config: Object.fromEntries(
      Object.entries(pulumi.runtime.allConfig())
        .filter(([name]) => own(name))
        .map(([name, value]) => [bare(name), value]),
    ),
    secretKeys: secretKeys.filter(own).map(bare),
  };
}

/** The routes of the stack's own Portkey, if it is configured and at least one route has a key. */
function ownPortkey(): Pick<SwitchyardArgs, 'ownPortkey'> {
  const { catalog } = inputs;
  if (settings.portkey.mode !== 'local' || localRoutes(catalog, keyNames).length === 0) return {};
  const config = pulumi.secret(
    pulumi.all(providerKeys).apply((keys) => JSON.stringify(localConfig(catalog, settings, keys))),
  );
  const isFallback = inputs.plan.served.some((model) => model.alias === PORTKEY_ALIAS);
  return { ownPortkey: { config, ...(isFallback ? { gatewayKey: PORTKEY_GATEWAY_KEY } : {}) } };
}

function imageContext(role: string): string {
  return join(ROOT, 'runtimes', role, 'image');
}
