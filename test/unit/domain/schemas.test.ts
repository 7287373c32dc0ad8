/** Generated files that are checked in must be up to date. */
import { schemaFiles } from '../../../scripts/generate-schemas.ts';
import { fixture } from '../../../sandbox/fixtures.ts';
import { repositoryFile } from './shipped.ts';

test.each(Object.entries(schemaFiles()))('%s is up to date (npm run generate)', (name, text) => {
  expect(repositoryFile(`domain/editor-schemas/${name}`)).toBe(text);
});

test.each([
  ['catalog.yaml', '../domain/editor-schemas/catalog.schema.json'],
  ['agents.yaml', '../domain/editor-schemas/agents.schema.json'],
  ['Pulumi.dev.yaml', './domain/editor-schemas/stack.schema.json'],
  ['Pulumi.prod.yaml', './domain/editor-schemas/stack.schema.json'],
] as const)('%s names its schema for editors, relative to its own folder', (file, schema) => {
  expect(fixture(file).split('\n')[0]).toBe(`# yaml-language-server: $schema=${schema}`);
});
