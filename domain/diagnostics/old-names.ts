/** Reads data that uses old names of keys as if it used the present ones. */
import type { RenamedKey } from '../schema/renamed-keys.ts';
import type { Problem } from './problems.ts';
import type { Path } from './yaml-path.ts';
import type { Source } from './yaml-source.ts';

type Mapping = Record<string, unknown>;

/** Data in which every key has its present name. */
export interface CurrentNames {
  data: unknown;
  /** The same file. Asked for a key by its present name, it finds the old one where the file has that. */
  source: Source;
  /** One warning for each old name, at its first use; an error wherever both names are given. */
  problems: Problem[];
}

/**
 * Replaces old names of keys by the present ones. Neither the data nor the source given is changed.
 *
 * Problems that are found later keep the name that the file has, with its line and column: that is what the user has to edit.
 *
 * @param renamedKeys see `domain/schema/renamed-keys.ts`.
 */
export function withCurrentNames(
  data: unknown,
  renamedKeys: readonly RenamedKey[],
  source: Source,
): CurrentNames {
  const problems: Problem[] = [];
  const result = structuredClone(data);
  const oldNames = new Map<string, string>();
  for (const { parent, oldName, newName } of renamedKeys) {
    const used: Path[] = [];
    for (const [path, mapping] of mappingsAt(result, parent)) {
      if (!Object.hasOwn(mapping, oldName)) continue;
      const oldPath = [...path, oldName];
      if (Object.hasOwn(mapping, newName)) {
        const message = `"${oldName}" is the old name of "${newName}", and both are given`;
        problems.push(source.problem(oldPath, message, { fix: `remove "${oldName}"` }));
      } else {
        mapping[newName] = mapping[oldName];
        oldNames.set(JSON.stringify([...path, newName]), oldName);
        used.push(oldPath);
      }
      delete mapping[oldName];
    }
    const [first, ...more] = used;
    if (first === undefined) continue;
    const count = more.length === 0 ? '' : ` (${used.length} uses in this file)`;
    const message = `"${oldName}" was renamed to "${newName}"${count}; the old name is still read`;
    problems.push(source.problem(first, message, { severity: 'warning', fix: `rename it to "${newName}"` }));
  }
  return { data: result, source: oldNames.size === 0 ? source : asInFile(source, oldNames), problems };
}

/** The mappings at a path in which `*` stands for any name, each with its own path. */
function mappingsAt(data: unknown, pattern: readonly string[], path: Path = []): [Path, Mapping][] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [];
  const mapping = data as Mapping;
  const [step, ...rest] = pattern;
  if (step === undefined) return [[path, mapping]];
  const names = step === '*' ? Object.keys(mapping) : Object.hasOwn(mapping, step) ? [step] : [];
  return names.flatMap((name) => mappingsAt(mapping[name], rest, [...path, name]));
}

/** The source that translates paths with present names into those of the file. */
function asInFile(source: Source, oldNames: ReadonlyMap<string, string>): Source {
  const inFile = (path: Path): Path =>
    path.map((step, index) => oldNames.get(JSON.stringify(path.slice(0, index + 1))) ?? step);
  return {
    ...source,
    at: (path) => source.at(inFile(path)),
    valueAt: (path) => source.valueAt(inFile(path)),
    problem: (path, message, more) => source.problem(inFile(path), message, more),
  };
}
