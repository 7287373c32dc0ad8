/** The examples in docs/configuration.md are valid and contain every key of the schemas. */
import { checkLitellmTemplate } from '../../../domain/checks/litellm-keys.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import { catalogSchema, modelSchema, providerSchema } from '../../../domain/schema/catalog-schema.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import { settingsSchema } from '../../../domain/schema/settings-schema.ts';
import { asPulumi } from './as-pulumi.ts';
import { goodCatalog, repositoryFile, shippedCatalog } from './shipped.ts';

const page = repositoryFile('docs/configuration.md');

/** The example whose first line names this file. */
function example(file: string): string {
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text ?? '');
  const found = blocks.find((text) => text.startsWith(`# ${file}:`));
  if (found === undefined) throw new Error(`no example of ${file}`);
  return found;
}

test('the example of the catalogue is valid and complete', () => {
  const text = example('config-templates/catalog.yaml');
  const { problems } = goodCatalog(text);
  expect(formatProblems(problems)).toBe('');
  for (const schema of [catalogSchema, providerSchema, modelSchema]) {
    for (const key of Object.keys(schema.shape)) expect(text).toMatch(new RegExp(`^ *${key}:`, 'm'));
  }
});

test('the example of the settings is valid and complete, with the defaults', () => {
  const text = example('Pulumi.dev.yaml');
  const { catalog } = shippedCatalog();
  const file = { path: 'Pulumi.dev.yaml', text };
  const { settings, keyNames, problems } = parseSettings({ ...asPulumi(text), stack: 'dev', file, catalog });
  expect(formatProblems(problems)).toBe('');
  expect(keyNames).toEqual(['OPENAI_API_KEY']);
  const defaults = parseSettings({ config: { port: '4000' }, secretKeys: [], stack: 'dev' }).settings;
  const { cors, image, keys, budgets, portkey, baseUrls, masterKey, ...others } = settings ?? {};
  expect(defaults).toMatchObject(others);
  for (const key of Object.keys(settingsSchema.shape)) expect(text).toContain(`switchyard:${key}:`);
  expect(
    [cors, image, keys, budgets?.stack, portkey, baseUrls, masterKey].every((one) => one !== undefined),
  ).toBe(true);
});

test("the example of LiteLLM's fixed part is valid", () => {
  expect(formatProblems(checkLitellmTemplate(example('config-templates/litellm.yaml'), 'litellm.yaml'))).toBe(
    '',
  );
});
