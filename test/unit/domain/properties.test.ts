/** Properties: no input makes the validators throw, and every input that they accept can be rendered. */
import fc from 'fast-check';
import { parse } from 'yaml';
import { renderLitellm } from '../../../domain/render/litellm-config.ts';
import { checkKeys, checkLitellmTemplate } from '../../../domain/checks/litellm-keys.ts';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { formatProblems, hasErrors } from '../../../domain/diagnostics/problems.ts';
import { readYaml } from '../../../domain/diagnostics/yaml-source.ts';
import { parseSettings } from '../../../domain/read/settings-reader.ts';
import { catalogTexts } from './arbitrary.ts';
import { fixture } from '../../../sandbox/fixtures.ts';
import { allKeys, goodSettings } from './shipped.ts';
import { SMALL } from './small.ts';
import { anyText } from '../../harness/any-text.ts';
import '../../seed.ts';
import { SOAK } from '../../harness/soak.ts';

const SHIPPED = fixture('catalog.yaml');

/** A text with some parts removed, doubled or overwritten. */
const damaged = (text: string) =>
  fc
    .array(
      fc.record({
        at: fc.nat(text.length),
        length: fc.nat(30),
        put: fc.oneof(
          fc.string(),
          fc.constantFrom(
            '\n',
            ': ',
            '- ',
            '[',
            '}',
            '&a ',
            '*a',
            '!!x ',
            '"',
            '\t',
            '#',
            '<<: ',
            '? ',
            '0',
            '-1',
            '1e999',
            '.nan',
            '~',
          ),
        ),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((edits) =>
      edits.reduce((now, { at, length, put }) => now.slice(0, at) + put + now.slice(at + length), text),
    );

/** Checks what is true of every result, whatever the text. */
function soundAnswer(text: string): void {
  const { catalog, problems } = parseCatalog(text, 'c.yaml');
  expect(catalog === undefined).toBe(hasErrors(problems));
  const said = formatProblems(problems);
  for (const slip of ['undefined', '[object', 'NaN'])
    if (!text.includes(slip)) expect(said).not.toContain(slip);
  const lines = text.split('\n').length;
  for (const { line, column } of problems) {
    if (line === undefined) continue;
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
  }
}

test('any text as catalogue never throws', () => {
  fc.assert(fc.property(anyText({ maxLength: 300 }), soundAnswer));
});

test('any JSON as catalogue never throws', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 6 }), soundAnswer));
});

test.each([
  ['small', SMALL, SOAK ? 2000 : 50],
  ['shipped', SHIPPED, SOAK ? 500 : 10],
])('the %s catalogue, damaged', (_name, text, numRuns) => {
  fc.assert(fc.property(damaged(text), soundAnswer), { numRuns });
});

test('any value anywhere in the catalogue never throws', () => {
  const data = parse(SMALL) as Record<string, unknown>;
  const places: (string | number)[][] = [];
  (function walk(value: unknown, path: (string | number)[]) {
    if (path.length > 0) places.push(path);
    if (Array.isArray(value)) value.forEach((item, index) => walk(item, [...path, index]));
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
  })(data, []);
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.anything({ withObjectString: true }), (path, value) => {
      const copy = structuredClone(data);
      const holder = path
        .slice(0, -1)
        .reduce<Record<string | number, unknown>>(
          (at, step) => at[step] as Record<string | number, unknown>,
          copy,
        );
      holder[path.at(-1) ?? ''] = value;
      let text: string;
      try {
        text = JSON.stringify(copy);
      } catch {
        return; // no JSON can be made of it
      }
      soundAnswer(text);
    }),
    { numRuns: SOAK ? 5000 : 75 },
  );
});

test('any settings never throw', () => {
  const names = fc.oneof(
    fc.constantFrom(
      'port',
      'bind',
      'image',
      'masterKey',
      'client',
      'portkey',
      'baseUrls',
      'keyAge',
      'GROQ_API_KEY',
      '__proto__',
      'constructor',
    ),
    fc.string(),
  );
  const values = fc.oneof(fc.string(), fc.json());
  fc.assert(
    fc.property(
      fc.dictionary(names, values),
      fc.array(names),
      fc.string({ maxLength: 200 }),
      (config, secretKeys, text) => {
        const { settings, problems } = parseSettings({
          config,
          secretKeys,
          stack: 'dev',
          file: { path: 'p.yaml', text },
        });
        expect(settings === undefined).toBe(hasErrors(problems));
        expect(formatProblems(problems)).not.toContain('[object');
      },
    ),
    { numRuns: SOAK ? 3000 : 50 },
  );
});

test('any fixed part never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json()),
      (text) => void formatProblems(checkLitellmTemplate(text, 'l.yaml')),
    ),
  );
});

test('a valid catalogue results in a config that has only keys that LiteLLM reads and chains of existing models', () => {
  const fixed = fixture('litellm.yaml');
  fc.assert(
    fc.property(catalogTexts, fc.infiniteStream(fc.boolean()), (text, coins) => {
      const { catalog, problems } = parseCatalog(text, 'c.yaml');
      if (catalog === undefined) throw new Error(`${formatProblems(problems)}\n${text}`);
      const keys = allKeys(catalog)
        .flatMap((key) => [key, `${key}_2`])
        .filter(() => coins.next().value);
      const plan = planModels(catalog, goodSettings(), keys);
      // LiteLLM reads it with PyYAML, which only supports YAML 1.1.
      const config = parse(renderLitellm(plan, fixed), { version: '1.1' }) as {
        model_list: { model_name: string; model_info: { id: string } }[];
        router_settings: { fallbacks: Record<string, string[]>[] };
      };
      expect(checkKeys(config, readYaml('', 'config.yaml').source)).toEqual([]);
      const names = new Set(config.model_list.map(({ model_name: name }) => name));
      expect([...names]).toEqual(plan.served.map(({ alias }) => alias));
      expect(Object.assign({}, ...config.router_settings.fallbacks)).toEqual(plan.fallbacks);
      for (const name of Object.entries(plan.fallbacks).flat(2)) expect(names).toContain(name);
      expect(new Set(config.model_list.map(({ model_info: info }) => info.id)).size).toBe(
        config.model_list.length,
      );
    }),
    { numRuns: SOAK ? 1000 : 40 },
  );
});
