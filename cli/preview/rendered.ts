/** The plain files that gateways would run with, rendered without Pulumi. */
import { join } from 'node:path';
import { renderLitellm } from '../../catalog/litellm.ts';
import { folderFiles } from '../../infra/folder-files.ts';
import { type Inputs, ROOT, template } from '../../stacks/load.ts';
import { CONFIG_FILE, type Files } from './files.ts';

/** The files of a gateway, by their path in it, as the program hands them over. */
export function renderedFiles({ plan }: Inputs, root: string = ROOT): Files {
  const folder = folderFiles(join(root, 'config-templates/gateway'), '/etc/switchyard');
  return {
    [CONFIG_FILE]: renderLitellm(plan, template('litellm.yaml', root)),
    ...Object.fromEntries(folder.map(({ path, content }) => [path, content])),
  };
}
