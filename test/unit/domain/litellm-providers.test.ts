/** scripts/litellm_facts.py takes exactly the providers of the release's catalogue from LiteLLM's price map. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../../../console/home-paths.ts';
import { shippedCatalog } from './shipped.ts';

test("the script's list of providers matches the catalogue", () => {
  const script = readFileSync(join(ROOT, 'scripts/litellm_facts.py'), 'utf8');
  const list = /^PROVIDERS = \[(?<names>[^\]]*)\]/m.exec(script)?.groups?.names ?? '';
  const prefixes = Object.values(shippedCatalog().catalog.providers).flatMap(({ litellm }) => litellm ?? []);
  expect([...list.matchAll(/'(\w+)'/g)].map(([, name]) => name)).toEqual([...new Set(prefixes)].sort());
});
