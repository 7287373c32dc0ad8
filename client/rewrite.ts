/** Changes values in a JSON text and preserves everything else: comments, order, indentation, line endings. */
import {
  applyEdits,
  findNodeAtLocation,
  type FormattingOptions,
  modify,
  type Node,
  parseTree,
} from 'jsonc-parser';
import { canonical, isObject, type Json, strings } from './json-objects.ts';
import { rewriteList } from './rewrite-list.ts';

/**
 * Applies the differences between two values to a text.
 *
 * @param text JSON, with or without comments, whose value is `before`.
 */
export function rewrite(text: string, before: Json, after: Json): string {
  const formattingOptions = formattingOf(text);
  return differences(before, after).reduce(
    (current, { at, value }) => set(current, at, value, formattingOptions),
    hasValue(text) ? text : withEmptyObject(text),
  );
}

/** A value to set so that one object becomes another. */
interface Difference {
  at: string[];
  /** undefined if it is to be removed. */
  value: unknown;
}

/** The smallest changes that make `before` equal to `after`. A list is one value. */
export function differences(before: Json, after: Json, path: string[] = []): Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): Difference[] => {
    const [old, next] = [before[key], after[key]];
    const at = [...path, key];
    if (isObject(old) && isObject(next)) return differences(old, next, at);
    const isSame = key in before && key in after && canonical(old) === canonical(next);
    return isSame ? [] : [{ at, value: next }];
  });
}

function hasValue(text: string): boolean {
  return parseTree(text) !== undefined;
}

/** A text of comments only, or an empty one, with an object after it. */
function withEmptyObject(text: string): string {
  const body = text.trim() === '' ? '' : text.replace(/\s*$/, text.includes('\r\n') ? '\r\n' : '\n');
  return `${body}{}\n`;
}

function set(text: string, path: string[], value: unknown, formattingOptions: FormattingOptions): string {
  const tree = parseTree(text)!;
  const list = findNodeAtLocation(tree, path);
  if (list?.type === 'array' && Array.isArray(value) && value.length > 0) {
    const body = strings(value).length === value.length ? rewriteList(text, list, strings(value)) : undefined;
    if (body !== undefined) return text.slice(0, list.offset) + body + text.slice(list.offset + list.length);
  }
  const change = (body: string): string => applyEdits(body, modify(body, path, value, { formattingOptions }));
  const tail = list === undefined ? tailComment(text, tree, path.slice(0, -1)) : undefined;
  if (tail === undefined) return change(text);
  // A new property would be inserted between the last one and its comment: remove the comment, change the text, put the comment back.
  const changed = change(text.slice(0, tail.begin) + text.slice(tail.begin + tail.length));
  return `${changed.slice(0, tail.begin + 1)} ${tail.comment}${changed.slice(tail.begin + 1)}`;
}

/** The line comment after the last property of an object. */
function tailComment(
  text: string,
  tree: Node,
  path: string[],
): { begin: number; length: number; comment: string } | undefined {
  const last = findNodeAtLocation(tree, path)?.children?.at(-1);
  if (last === undefined) return undefined;
  const begin = last.offset + last.length;
  const found = /^[ \t]*,?[ \t]*(\/\/[^\r\n]*)/.exec(text.slice(begin));
  return found?.[1] === undefined ? undefined : { begin, length: found[0].length, comment: found[1] };
}

function formattingOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}
