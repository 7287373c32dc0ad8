/** What is made and checked in must be what would be made now. */
import { schemaFiles } from '../../../cli/generate/schemas.ts';
import { repositoryFile } from './shipped.ts';

test.each(Object.entries(schemaFiles()))('%s is up to date (npm run generate)', (name, text) => {
  expect(repositoryFile(`catalog/schemas/${name}`)).toBe(text);
});

test.each([
  ['config-templates/catalog.yaml', '../catalog/schemas/catalog.schema.json'],
  ['config-templates/agents.yaml', '../catalog/schemas/agents.schema.json'],
  ['Pulumi.dev.yaml', './catalog/schemas/stack.schema.json'],
  ['Pulumi.prod.yaml', './catalog/schemas/stack.schema.json'],
])('%s tells editors its schema', (file, schema) => {
  expect(repositoryFile(file).split('\n')[0]).toBe(`# yaml-language-server: $schema=${schema}`);
});
