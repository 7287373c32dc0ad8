/** Changes the entries of a JSON list of texts and keeps the comments at those that stay. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { createScanner, type Node, parse } from 'jsonc-parser';

/** An entry with what belongs to it in the file. */
interface Entry {
  value: unknown;
  /** Before it: line breaks, indentation, comments on lines of their own. */
  lead: string;
  text: string;
  /** Between it and its comma. */
  beforeComma: string;
  /** A comment behind it on the same line. */
  comment: string;
}

/**
 * The list's new text; undefined where the entries that stay would have to change places.
 *
 * @param list the list's node in `text`.
 */
export function rewriteList(text: string, list: Node, next: readonly string[]): string | undefined {
  const { entries, closing, trailingComma } = split(text, list);
  const first = entries[0];
  // An empty list has no layout to follow.
  if (first === undefined) return undefined;
  const kept = entries.filter(({ value }) => next.includes(value as string));
  const lead = entries.find((entry, index) => index > 0 && entry.lead.trim() === '')?.lead;
  const between = lead ?? (first.lead.includes('\n') ? first.lead.slice(first.lead.lastIndexOf('\n')) : ' ');
  const added = next
    .filter((value) => !kept.some((entry) => entry.value === value))
    .map((value) => ({ value, lead: between, text: JSON.stringify(value), beforeComma: '', comment: '' }));
  const all = [...kept, ...added];
  const body = all.map((entry, index) => {
    const comma = index < all.length - 1 || trailingComma ? ',' : '';
    const isNewFirst = index === 0 && entry !== first && entry.lead.trim() === '';
    return (isNewFirst ? first.lead : entry.lead) + entry.text + entry.beforeComma + comma + entry.comment;
  });
  const result = `[${body.join('')}${closing}]`;
  return isDeepStrictEqual(parse(result), next) ? result : undefined;
}

function split(text: string, list: Node): { entries: Entry[]; closing: string; trailingComma: boolean } {
  const end = list.offset + list.length - 1;
  let at = list.offset + 1;
  let trailingComma = false;
  const entries = (list.children ?? []).map((node): Entry => {
    const entryEnd = node.offset + node.length;
    const comma = commaAfter(text, entryEnd);
    trailingComma = comma !== undefined;
    const lead = text.slice(at, node.offset);
    const afterComma = comma === undefined ? entryEnd : comma + 1;
    const comment = /^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/(?=[ \t]*[\r\n]))/.exec(
      text.slice(afterComma, end),
    )?.[0];
    at = afterComma + (comment?.length ?? 0);
    return {
      value: node.value as unknown,
      lead,
      text: text.slice(node.offset, entryEnd),
      beforeComma: comma === undefined ? '' : text.slice(entryEnd, comma),
      comment: comment ?? '',
    };
  });
  return { entries, closing: text.slice(at, end), trailingComma };
}

/** Where the comma behind an entry is; undefined where the list ends first. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  return text[scanner.getTokenOffset()] === ',' ? scanner.getTokenOffset() : undefined;
}
