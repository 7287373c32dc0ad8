/** The plain files that a stack's containers find: rendered from its inputs, without Pulumi. */
import { join } from 'node:path';
import { renderEdge } from '../domain/render/haproxy.ts';
import { renderLitellm } from '../domain/render/litellm-config.ts';
import { folderFiles } from './folder-files.ts';
import { type Inputs, template } from './load.ts';
import { ROOT } from '../console/home-paths.ts';

/** A file of a container. */
export interface PlainFile {
  /** Where in the container: an absolute path. */
  path: string;
  content: string;
}

const FOLDER = '/etc/switchyard';

/** LiteLLM's config in a gateway. */
export const CONFIG_PATH = `${FOLDER}/config.yaml`;

/** LiteLLM's config, the hooks beside it and their settings. */
export function gatewayFiles({ settings, plan }: Inputs, root: string = ROOT): PlainFile[] {
  return [
    { path: CONFIG_PATH, content: renderLitellm(plan, template('litellm.yaml', root)) },
    { path: `${FOLDER}/gateway.json`, content: JSON.stringify({ drainSeconds: settings.drainSeconds }) },
    ...folderFiles(join(root, 'runtimes/gateway/programs'), FOLDER),
  ];
}

/** The proxy's config and scripts. */
export function edgeFiles({ settings }: Inputs, root: string = ROOT): PlainFile[] {
  return renderEdge(settings, folderFiles(join(root, 'runtimes/edge/programs'), FOLDER));
}
