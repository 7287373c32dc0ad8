/**
 * `npm run generate`: writes the generated files that are committed: the JSON Schemas, and the facts about the pinned LiteLLM.
 *
 *     npm run generate                      LiteLLM's facts from the package index, in the version of the lock file
 *     npm run generate -- --image IMAGE     … from an image
 *     npm run generate -- --folder FOLDER   … from a folder with the unpacked package
 *     npm run generate -- --schemas         only the JSON Schemas
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../console/home-paths.ts';
import { LITELLM_FILES, litellmFactsText, lockedVersion } from './generate-litellm.ts';
import { SCHEMA_FOLDER, schemaFiles } from './generate-schemas.ts';
import { runScript } from './run-script.ts';

const LOCK = 'runtimes/gateway/image/requirements.txt';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { image: { type: 'string' }, folder: { type: 'string' }, schemas: { type: 'boolean' } },
  });
  await mkdir(join(ROOT, SCHEMA_FOLDER), { recursive: true });
  for (const [name, text] of Object.entries(schemaFiles())) await write(join(SCHEMA_FOLDER, name), text);
  if (values.schemas) return;
  const origin =
    values.image !== undefined
      ? { image: values.image }
      : values.folder !== undefined
        ? { folder: values.folder }
        : { version: await lockedVersion(join(ROOT, LOCK)) };
  for (const [path, script] of Object.entries(LITELLM_FILES))
    await write(path, await litellmFactsText(origin, script));
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(join(ROOT, path), text);
  process.stderr.write(`wrote ${path}\n`);
}

await runScript(main);
