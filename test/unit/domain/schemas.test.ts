/** What is made and checked in must be what would be made now. */
import { schemaFiles } from '../../../cli/generate/schemas.ts';
import { fixture } from '../../harness/fixtures.ts';
import { repositoryFile } from './shipped.ts';

test.each(Object.entries(schemaFiles()))('%s is up to date (npm run generate)', (name, text) => {
  expect(repositoryFile(`catalog/schemas/${name}`)).toBe(text);
});

test.each([
  ['catalog.yaml', '../catalog/schemas/catalog.schema.json'],
  ['agents.yaml', '../catalog/schemas/agents.schema.json'],
  ['Pulumi.dev.yaml', './catalog/schemas/stack.schema.json'],
  ['Pulumi.prod.yaml', './catalog/schemas/stack.schema.json'],
] as const)('%s tells editors its schema, from its place in the checkout', (file, schema) => {
  expect(fixture(file).split('\n')[0]).toBe(`# yaml-language-server: $schema=${schema}`);
});
