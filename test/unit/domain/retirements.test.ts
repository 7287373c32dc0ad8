/** Retired and retiring models, with a fixed today. */
import type { LitellmFacts } from '../../../domain/facts/litellm-facts.ts';
import { checkRetirements, retirements } from '../../../domain/checks/retirements.ts';
import { checkPriceMap } from '../../../domain/checks/price-map.ts';
import { formatProblems } from '../../../domain/diagnostics/problems.ts';
import { goodCatalog } from './shipped.ts';
import { SMALL } from './small.ts';

const facts: LitellmFacts = {
  version: '9.9.9',
  keys: {},
  models: {
    'openai/gpt-5.6': { mode: 'chat', retires: '2027-03-01' },
    'openai/gpt-5.6-terra': { mode: 'chat' },
    'openai/text-embedding-3-small': { mode: 'embedding' },
    'groq/openai/gpt-oss-20b': { mode: 'chat' },
  },
};

function check(today: string, text = SMALL): string {
  const { catalog, source } = goodCatalog(text);
  return formatProblems(checkRetirements(catalog, source, today, facts));
}

const NAME = 'catalog.yaml:25:12';
const SUCCESSOR = 'choose a successor (./switchyard models)';

test.each([
  ['2026-11-30', ''],
  [
    '2026-12-01',
    `${NAME} warning: models.big.model: gpt-5.6 retires on 2027-03-01, in 90 days\n    ${SUCCESSOR}, and keep this id under "supersedes"`,
  ],
  [
    '2027-02-28',
    `${NAME} warning: models.big.model: gpt-5.6 retires on 2027-03-01, in 1 day\n    ${SUCCESSOR}, and keep this id under "supersedes"`,
  ],
  [
    '2027-03-01',
    `${NAME} models.big.model: gpt-5.6 was retired on 2027-03-01\n    ${SUCCESSOR}, or keep serving it with acceptRetired: { model: gpt-5.6, date: 2027-03-01 }`,
  ],
  [
    '2030-01-01',
    `${NAME} models.big.model: gpt-5.6 was retired on 2027-03-01\n    ${SUCCESSOR}, or keep serving it with acceptRetired: { model: gpt-5.6, date: 2027-03-01 }`,
  ],
])('on %s', (today, expected) => {
  expect(check(today)).toBe(expected);
});

const accepting = (what: string) => SMALL.replace('    timeout: 120', `    acceptRetired: ${what}`);

test('a retired model is served if the catalogue accepts it by name and date', () => {
  expect(check('2030-01-01', accepting('{ model: gpt-5.6, date: 2027-03-01 }'))).toBe('');
});

test.each([
  [
    'another date',
    '{ model: gpt-5.6, date: 2027-01-01 }',
    'this accepts gpt-5.6 of 2027-01-01, but gpt-5.6 retires on 2027-03-01',
  ],
  [
    'another model',
    '{ model: gpt-4, date: 2027-03-01 }',
    'this accepts gpt-4 of 2027-03-01, but gpt-5.6 retires on 2027-03-01',
  ],
])('a retired model is refused if the catalogue accepts %s', (_name, what, expected) => {
  expect(check('2030-01-01', accepting(what))).toBe(
    `catalog.yaml:27:5 models.big.acceptRetired: ${expected}`,
  );
});

test('a retirement has the number of days left', () => {
  const { catalog } = goodCatalog(SMALL);
  expect(retirements(catalog, '2027-03-11', facts)).toEqual([
    { alias: 'big', retires: '2027-03-01', daysLeft: -10, accepted: false },
  ]);
});

describe('the price map', () => {
  const against = (text: string) => {
    const { catalog, source } = goodCatalog(text);
    return formatProblems(checkPriceMap(catalog, source, facts));
  };

  test('contains the models', () => expect(against(SMALL)).toBe(''));

  test('does not contain a misspelt model', () => {
    expect(against(SMALL.replace('gpt-5.6-terra', 'gpt-5.6-tera'))).toBe(
      `catalog.yaml:33:12 models.other.model: LiteLLM 9.9.9's price map does not have openai/gpt-5.6-tera; did you mean "gpt-5.6-terra"?
    if the name is right, add the reason: "notInPriceMap: <reason>" in models.other`,
    );
  });

  test('need not contain a model whose entry gives a reason', () => {
    expect(against(SMALL.replace('gpt-5.6-terra', 'brand-new\n    notInPriceMap: came out yesterday'))).toBe(
      '',
    );
  });

  test('contains the model: then a reason is an error', () => {
    expect(
      against(SMALL.replace('gpt-5.6-terra', 'gpt-5.6-terra\n    notInPriceMap: came out yesterday')),
    ).toBe(
      "catalog.yaml:34:5 models.other.notInPriceMap: LiteLLM 9.9.9's price map has gpt-5.6-terra: remove this line",
    );
  });

  test('determines the mode of a model', () => {
    expect(
      against(SMALL.replace('text-embedding-3-small\n    mode: embedding', 'gpt-5.6\n    mode: embedding')),
    ).toBe('catalog.yaml:37:11 models.embed.mode: gpt-5.6 is for chat, this says embedding');
  });
});
