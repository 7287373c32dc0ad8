/** Renders the files without secrets for a stack's containers from its inputs. Independent of Pulumi. */
import { join } from 'node:path';
import { renderEdge } from '../domain/render/haproxy.ts';
import { limitSettings, limitsFile } from '../domain/render/limits-file.ts';
import { litellmConfig, renderLitellm } from '../domain/render/litellm-config.ts';
import { missingKeys } from '../domain/render/missing-keys.ts';
import { planOutput } from '../domain/render/plan-output.ts';
import type { PlanOutput } from '../domain/schema/outputs-schema.ts';
import { type FolderFile, folderFiles } from './folder-files.ts';
import { type Inputs, template } from './load.ts';
import { ROOT } from '../console/home-paths.ts';

const FOLDER = '/etc/switchyard';

/** What the gateway's image has in that folder. */
const PROGRAMS = 'runtimes/gateway/image/programs';

/** LiteLLM's config in a gateway. */
export const CONFIG_PATH = `${FOLDER}/config.yaml`;

/** The settings of Switchyard's own programs in a gateway. */
export const GATEWAY_SETTINGS_PATH = `${FOLDER}/gateway.json`;

/** Budgets and rate limits in a gateway. A stack without any has no such file. */
const LIMITS_PATH = `${FOLDER}/limits.json`;

/** Why models of the catalogue are not served: a client that asks for one is told. */
const MISSING_KEYS_PATH = `${FOLDER}/missing-keys.json`;

/** LiteLLM's config, and the settings of Switchyard's own programs, which are in the image. */
export function gatewayFiles(inputs: Inputs, root: string = ROOT): FolderFile[] {
  const limits = limitsFile(inputs.settings, inputs.plan.served);
  const missing = missingKeys(inputs.catalog, inputs.plan.unavailable);
  return [
    { path: CONFIG_PATH, content: renderLitellm(inputs.plan, template('litellm.yaml', root)) },
    { path: GATEWAY_SETTINGS_PATH, content: JSON.stringify(gatewaySettings(inputs)) },
    { path: MISSING_KEYS_PATH, content: JSON.stringify(missing) },
    ...(limits === undefined ? [] : [{ path: LIMITS_PATH, content: JSON.stringify(limits) }]),
  ];
}

function gatewaySettings({ settings, plan }: Inputs): Record<string, unknown> {
  const { drainSeconds, maxBodyMb, memoryMb, ledger } = settings;
  return {
    ...{ drainSeconds, maxBodyMb, memoryMb, cache: plan.cache },
    ledgerRetentionDays: ledger.retentionDays,
    ledgerMaxMb: ledger.maxMb,
  };
}

/** What these gateways serve: the stack's output `plan`. */
export function stackPlan(inputs: Inputs, root: string = ROOT): PlanOutput {
  const limits = limitsFile(inputs.settings, inputs.plan.served);
  return planOutput({
    config: litellmConfig(inputs.plan, template('litellm.yaml', root)),
    gateway: {
      ...gatewaySettings(inputs),
      ...(limits === undefined ? {} : { limits: limitSettings(limits) }),
    },
    // The programs are in the image, but whoever changes one wants to read which.
    files: [...gatewayFiles(inputs, root), ...folderFiles(join(root, PROGRAMS), FOLDER)],
  });
}

/** The proxy's config and scripts. */
export function edgeFiles({ settings }: Inputs, root: string = ROOT): FolderFile[] {
  return renderEdge(settings, folderFiles(join(root, 'runtimes/edge/programs'), FOLDER));
}
