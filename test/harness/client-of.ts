/** The client's files for the release's catalogue, rendered as by the Pulumi program, without a stack. */
import { clientKeys, type ClientInputs, clientView } from '../../domain/render/client-view.ts';
import { virtualKeys } from '../../domain/plan/key-plan.ts';
import { unlessRefused } from '../../console/errors.ts';
import { formatProblems } from '../../domain/diagnostics/problems.ts';
import { clientMetadata, clientTexts } from '../../domain/render/client-outputs.ts';
import type { ClientMetadata, ClientTexts } from '../../domain/schema/outputs-schema.ts';
import { readClient, type StackClient } from '../../domain/read/outputs-reader.ts';
import { loadInputs } from '../../stacks/load.ts';
import { fixture, RELEASE_DAY, withFixtures } from '../../sandbox/fixtures.ts';

/** The differences from a stack without keys and settings. */
export interface ShippedOptions {
  /** The stack's name; `unit` by default. */
  stack?: string;
  settings?: Record<string, unknown>;
  /** Values of provider keys, by name. */
  keys?: Record<string, string>;
  endpoint?: string;
  masterKey?: string;
}

/** The inputs of a stack with the release's catalogue and agents. */
export function shippedInputs({
  stack = 'unit',
  settings = {},
  keys = {},
  endpoint = 'http://127.0.0.1:4000',
}: ShippedOptions = {}): ClientInputs {
  const config = Object.fromEntries(
    Object.entries({ port: 4999, ...settings }).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  // Without the values, which only the Pulumi program checks: the tests' values need not look like keys.
  const raw = { config, secretKeys: Object.keys(keys) };
  const { inputs, problems } = withFixtures((root) => loadInputs(stack, raw, root, RELEASE_DAY));
  if (inputs === undefined) throw new Error(formatProblems(problems));
  const template = JSON.parse(fixture('opencode.json')) as Record<string, unknown>;
  return { ...inputs, endpoint, template };
}

/** The client's files as the stack's outputs contain them. */
export function shippedOutputs(options: ShippedOptions = {}): {
  client: ClientMetadata;
  clientFiles: ClientTexts;
} {
  const inputs = shippedInputs(options);
  const view = clientView(inputs);
  const keys = clientKeys(inputs, options.masterKey ?? 'sk-master-0123456789', options.keys ?? {});
  const own = virtualKeys(inputs.settings, inputs.catalog);
  const client = clientMetadata(view, inputs.plan, own);
  return { client, clientFiles: clientTexts(view, keys, client) };
}

/** The client's files as a command reads them. */
export function shippedClient(options: ShippedOptions = {}): StackClient {
  return unlessRefused(readClient(options.stack ?? 'unit', shippedOutputs(options)));
}
