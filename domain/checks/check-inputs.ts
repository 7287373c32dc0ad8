/** Runs all checks of a stack's inputs beyond the schema of each file. Pure: files and today's date are arguments. */
import { type OtherStack, checkPorts } from './settings-checks.ts';
import type { Settings } from '../schema/settings-schema.ts';
import { type LitellmFacts, litellmFacts } from '../facts/litellm-facts.ts';
import { checkLock } from './image-policy.ts';
import { checkRetirements } from './retirements.ts';
import { checkLitellmTemplate } from './litellm-keys.ts';
import { checkPriceMap } from './price-map.ts';
import { checkZeroPrices } from './zero-prices.ts';
import { type Problem, sortProblems } from '../diagnostics/problems.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';

/** A file by its name as the user would type it. */
export interface TextFile {
  path: string;
  text: string;
}

/** The inputs of the checks. What is left out is not checked. */
export interface CheckInput {
  /** YYYY-MM-DD. */
  today: string;
  catalog?: { catalog: Catalog; source: Source } | undefined;
  settings?: { settings: Settings; source: Source } | undefined;
  /** config-templates/litellm.yaml. */
  litellmTemplate?: TextFile | undefined;
  /** The lock file of the gateway's image, if it is built here. */
  lock?: TextFile | undefined;
  /** The files of the other stacks. */
  others?: readonly OtherStack[] | undefined;
  facts?: LitellmFacts | undefined;
}

/** All problems, errors first. */
export function checkInputs(input: CheckInput): Problem[] {
  const { today, catalog, settings, litellmTemplate, lock, others = [], facts = litellmFacts } = input;
  const problems: Problem[] = [];
  if (catalog) {
    problems.push(...checkPriceMap(catalog.catalog, catalog.source, facts));
    problems.push(...checkZeroPrices(catalog.catalog, catalog.source));
    problems.push(...checkRetirements(catalog.catalog, catalog.source, today, facts));
  }
  if (settings) problems.push(...checkPorts(settings.settings, settings.source, others));
  if (litellmTemplate)
    problems.push(...checkLitellmTemplate(litellmTemplate.text, litellmTemplate.path, facts));
  if (lock && settings?.settings.image === undefined)
    problems.push(...checkLock(lock.text, lock.path, facts.version));
  return sortProblems(problems);
}
