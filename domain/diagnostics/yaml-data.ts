/** Converts a parsed YAML document into plain data, and records where each value begins. */
import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { type Path, pathKey, quoted } from './yaml-path.ts';

/** The offsets in the text of each value and its key (for list entries, twice the same), by {@link pathKey}. */
export type Offsets = Map<string, { key: number; value: number }>;

/** How to convert a document. */
export interface Conversion {
  /** Filled in with the offsets of all values. */
  offsets: Offsets;
  /** Called for everything that is not allowed; the value is undefined then. */
  refuse: (offset: number, path: Path, message: string) => undefined;
  /** The line of an offset, for messages. */
  lineOf: (offset: number) => number;
}

const MAX_DEPTH = 40;

/** The plain data of a node. */
export function plainData(node: Node | null, conversion: Conversion, path: Path = []): unknown {
  const { offsets, refuse } = conversion;
  if (node === null) return null;
  const offset = beginOf(node, 0);
  if (path.length > MAX_DEPTH)
    return refuse(offset, path.slice(0, 4), `nested deeper than ${MAX_DEPTH} levels`);
  if (isAlias(node))
    return refuse(offset, path, `the alias *${quoted(node.source)} is not allowed: write the value out`);
  if (node.anchor)
    return refuse(offset, path, `the anchor &${quoted(node.anchor)} is not allowed: write the value out`);
  if (node.tag) return refuse(offset, path, `the tag ${quoted(node.tag)} is not allowed`);
  if (isScalar(node)) return node.value;
  if (isMap(node)) return mapping(node, conversion, path);
  if (!isSeq(node)) return refuse(offset, path, 'expected a value here');
  return (node.items as (Node | null)[]).map((item, index) => {
    const begin = beginOf(item, offset);
    offsets.set(pathKey([...path, index]), { key: begin, value: begin });
    return plainData(item, conversion, [...path, index]);
  });
}

function mapping(node: YAMLMap, conversion: Conversion, path: Path): Record<string, unknown> {
  const { offsets, refuse, lineOf } = conversion;
  const data: Record<string, unknown> = {};
  for (const { key, value } of node.items as { key: Node | null; value: Node | null }[]) {
    const begin = beginOf(key, beginOf(node, 0));
    const name = isScalar(key) ? String(key.source ?? key.value) : undefined;
    if (name === undefined || name === '__proto__') {
      refuse(begin, path, 'expected a plain word as key');
      continue;
    }
    const at = [...path, name];
    if (Object.hasOwn(data, name)) {
      const first = offsets.get(pathKey(at));
      refuse(begin, at, `given twice${first ? `: first in line ${lineOf(first.key)}` : ''}`);
      continue;
    }
    offsets.set(pathKey(at), { key: begin, value: beginOf(value, begin) });
    data[name] = plainData(value, conversion, at);
  }
  return data;
}

/** Where a node begins in the text; `otherwise` for a missing one, such as an empty value. */
function beginOf(node: Node | null, otherwise: number): number {
  return node?.range?.[0] ?? otherwise;
}
