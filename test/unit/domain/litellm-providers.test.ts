/** scripts/litellm_facts.py takes exactly the providers of the release's catalogue and its examples from LiteLLM's price map. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { NO_KEY } from '../../../domain/schema/provider-key-names.ts';
import { fixture } from '../../../sandbox/fixtures.ts';
import { withExamples } from './examples.ts';
import { goodCatalog } from './shipped.ts';

test("the script's list of providers matches the catalogue", () => {
  const script = readFileSync(join(ROOT, 'scripts/litellm_facts.py'), 'utf8');
  const list = /^PROVIDERS = \[(?<names>[^\]]*)\]/m.exec(script)?.groups?.names ?? '';
  const { catalog } = goodCatalog(withExamples(fixture('catalog.yaml')));
  // A model server of one's own has models that no price map knows.
  const prefixes = Object.values(catalog.providers).flatMap(({ litellm, key }) =>
    key === NO_KEY ? [] : (litellm ?? []),
  );
  expect([...list.matchAll(/'(\w+)'/g)].map(([, name]) => name)).toEqual([...new Set(prefixes)].sort());
});
