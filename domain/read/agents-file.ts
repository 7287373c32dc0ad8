/** Reads agents.yaml and checks it against the catalogue. Pure. */
import { explain } from '../diagnostics/explain.ts';
import { clientIds } from '../plan/lanes.ts';
import { findLeaks, GENERIC_PATTERN, keyPatterns } from '../diagnostics/key-leaks.ts';
import { hasErrors, type Problem, sortProblems } from '../diagnostics/problems.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import { readYaml } from '../diagnostics/yaml-source.ts';
import { didYouMean, listNames } from '../diagnostics/suggest.ts';
import { agentsSchema, type AgentsFile } from '../schema/agents-schema.ts';

/** An agents file that was read. */
export interface LoadedAgents {
  /** Absent where there is an error. */
  file?: AgentsFile;
  problems: Problem[];
}

/**
 * Parses and checks an agents file against the catalogue. Never throws, whatever the text.
 *
 * @param text the file's text.
 * @param name the file's name, as the user would type it.
 * @param catalog left out if it has errors itself: then only the file's own form is checked.
 */
export function parseAgents(text: string, name: string, catalog?: Catalog): LoadedAgents {
  const { data, source, problems } = readYaml(text, name);
  if (hasErrors(problems)) return { problems };
  const patterns = catalog ? keyPatterns(catalog) : [GENERIC_PATTERN];
  problems.push(...findLeaks(text, name, patterns, (offset) => source.offset(offset)));
  const parsed = agentsSchema.safeParse(data ?? {});
  if (!parsed.success) problems.push(...explain(agentsSchema, data ?? {}, parsed.error, source));
  else if (catalog) {
    const lanes = Object.keys(catalog.client?.lanes ?? {});
    const providers = clientIds(catalog);
    for (const [agent, { lane, provider }] of Object.entries(parsed.data.agents)) {
      if (!lanes.includes(lane)) {
        const message = `no lane "${lane}"${didYouMean(lane, lanes) || ';'} allowed, by client.lanes in catalog.yaml: ${listNames(lanes)}`;
        problems.push(source.problem(['agents', agent, 'lane'], message, { value: true }));
      }
      if (provider !== undefined && !providers.includes(provider)) {
        const message = `no provider "${provider}"${didYouMean(provider, providers)}; allowed: ${listNames(providers)}`;
        problems.push(source.problem(['agents', agent, 'provider'], message, { value: true }));
      }
    }
  }
  return parsed.success && !hasErrors(problems)
    ? { file: parsed.data, problems }
    : { problems: sortProblems(problems) };
}
