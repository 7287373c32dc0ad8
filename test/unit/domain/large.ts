import { performance } from 'node:perf_hooks';
import { renderLitellm } from '../../../domain/render/litellm-config.ts';
import { parseCatalog } from '../../../domain/read/catalog-file.ts';
import { planModels } from '../../../domain/plan/serving-plan.ts';
import { goodSettings } from './shipped.ts';
import { SMALL } from './small.ts';

/** A catalogue with the given number of further aliases, each with a chain. */
export function largeCatalog(models: number): string {
  const numbers = Array.from({ length: models }, (_, index) => index);
  const entries = numbers.map(
    (n) =>
      `  model-${n}:\n    provider: ${n % 2 ? 'groq' : 'openai'}\n    model: maker/model-${n}\n    notInPriceMap: made for a test\n    supersedes: [model-${n}-old]\n`,
  );
  const chains = numbers.slice(0, -1).map((n) => `  model-${n}: [model-${n + 1}, big]\n`);
  return SMALL.replace('fallbacks:\n', `${entries.join('')}fallbacks:\n${chains.join('')}`);
}

/** Milliseconds of this process's CPU that reading, checking, planning and rendering take: the minimum of several runs. */
export function measure(models: number, runs = 3): number {
  const text = largeCatalog(models);
  const settings = goodSettings();
  const times = Array.from({ length: runs }, () => {
    const before = process.cpuUsage();
    const { catalog } = parseCatalog(text, 'large.yaml');
    if (catalog === undefined) throw new Error('the large catalogue is not good');
    renderLitellm(planModels(catalog, settings, ['OPENAI_API_KEY', 'GROQ_API_KEY']), '');
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

if (process.argv[1] === import.meta.filename) {
  const begun = performance.now();
  for (const models of [10, 100, 1000]) console.log(`${models} models: ${measure(models).toFixed(1)} ms`);
  console.log(`(${((performance.now() - begun) / 1000).toFixed(1)} s in all)`);
}
