/** Changes the entries of a JSON list of strings and preserves the comments of the entries that stay. Pure. */
import { createScanner, type Node, parse } from 'jsonc-parser';
import { canonical } from './json-objects.ts';

/** An entry with its surrounding text in the file. */
interface Entry {
  value: unknown;
  /** Before it: line breaks, indentation, comments on lines of their own. */
  lead: string;
  text: string;
  /** Between it and its comma. */
  beforeComma: string;
  /** A comment after it on the same line. */
  comment: string;
}

/**
 * The list's new text; undefined if the entries that stay would have to be reordered.
 *
 * @param list the list's node in `text`.
 */
export function rewriteList(text: string, list: Node, next: readonly string[]): string | undefined {
  const { entries, closing, trailingComma } = split(text, list);
  const first = entries[0];
  // An empty list has no layout to adopt.
  if (first === undefined) return undefined;
  const remaining = entries.filter(({ value }) => next.includes(value as string));
  const lead = entries.find((entry, index) => index > 0 && entry.lead.trim() === '')?.lead;
  const between = lead ?? (first.lead.includes('\n') ? first.lead.slice(first.lead.lastIndexOf('\n')) : ' ');
  const added = next
    .filter((value) => !remaining.some((entry) => entry.value === value))
    .map((value) => ({ value, lead: between, text: JSON.stringify(value), beforeComma: '', comment: '' }));
  const all = [...remaining, ...added];
  const body = all.map((entry, index) => {
    const comma = index < all.length - 1 || trailingComma ? ',' : '';
    const isNewFirst = index === 0 && entry !== first && entry.lead.trim() === '';
    return (isNewFirst ? first.lead : entry.lead) + entry.text + entry.beforeComma + comma + entry.comment;
  });
  const result = `[${body.join('')}${closing}]`;
  return canonical(parse(result)) === canonical(next) ? result : undefined;
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

/** The offset of the comma after an entry; undefined if the list ends first. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  return text[scanner.getTokenOffset()] === ',' ? scanner.getTokenOffset() : undefined;
}
