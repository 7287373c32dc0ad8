/** What gateways know of models that they do not serve. */
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { missingKeys } from '../../../domain/render/missing-keys.ts';
import { gatewayFiles } from '../../../stacks/container-files.ts';
import { shippedInputs } from '../../harness/client-of.ts';
import { goodCatalog, goodSettings } from './shipped.ts';
import { SMALL } from './small.ts';

const { catalog } = goodCatalog(SMALL);
const missing = (keys: string[]) =>
  missingKeys(catalog, planModels(catalog, goodSettings(), keys).unavailable);

describe('missing-keys.json', () => {
  test('has the name of the key of each model that is not served, sorted, and nothing else', () => {
    const all = missing([]);
    expect(all).toMatchObject({ fast: 'GROQ_API_KEY', big: 'OPENAI_API_KEY' });
    expect(Object.keys(all)).toEqual(Object.keys(catalog.models).sort());
    expect(Object.values(missing(['GROQ_API_KEY']))).not.toContain('GROQ_API_KEY');
    expect(missing(['GROQ_API_KEY'])).not.toHaveProperty('fast');
    // An additional key is enough.
    expect(missing(['GROQ_API_KEY_2'])).not.toHaveProperty('fast');
  });

  test('has no default fallback, which is no model of the catalogue', () => {
    expect(missingKeys(catalog, [{ model: 'portkey-last-resort' }])).toEqual({});
  });

  test('is uploaded to the gateways', () => {
    const { keyNames, ...rest } = shippedInputs({ keys: { OPENAI_API_KEY: 'a value' } });
    const files = gatewayFiles({ ...rest, keyNames: [...keyNames] });
    const { content } = files.find(({ path }) => path === '/etc/switchyard/missing-keys.json')!;
    const given = JSON.parse(content) as Record<string, string>;
    expect(Object.keys(given).length).toBeGreaterThan(0);
    for (const { alias } of rest.plan.served) expect(given).not.toHaveProperty(alias);
    expect(Object.values(given)).not.toContain('OPENAI_API_KEY');
    expect(content).not.toContain('a value');
  });
});
