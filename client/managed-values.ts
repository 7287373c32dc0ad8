/**
 * Which values of a user's file are ours: takes them out, and puts new ones in. This is the three-way merge of `kubectl apply`: what was
 * written last, what is there now, and what is wanted. Pure.
 */
import { createHash } from 'node:crypto';
import { canonical, isObject, type Json } from './json-objects.ts';

/** A file's content: an object, or for plain text a string; undefined if there is no file. */
export type Content = Json | string | undefined;

/** A value that we wrote. */
export interface ManagedValue {
  /** The keys that lead to it; empty for a whole text file. */
  at: string[];
  /** A digest of it: it is ours as long as nobody has changed it. The record contains no value of ours, which may be a key. */
  digest: string;
  /** The user's value that it replaced. */
  previous?: unknown;
}

/** What we wrote into one file. */
export interface ManagedValues {
  values: ManagedValue[];
  /** The entries that we added to lists. */
  entries: { at: string[]; names: string[] }[];
  /** The objects and lists that we created: they are removed when they are empty. */
  containers: string[][];
}

/** How ours and the user's values are merged. Without options, ours replace the user's, objects are merged and lists are united. */
export interface MergeOptions {
  /** Paths at and below which a value of the user's is kept. */
  yields?: readonly (readonly string[])[];
  /** Paths of objects and lists that are replaced as a whole, not merged. */
  whole?: readonly (readonly string[])[];
}

/** The result of a merge. */
export interface MergedValues {
  content: Content;
  managed: ManagedValues;
  /** Paths of the user's values that ours replaced. */
  replaced: string[][];
  /** Paths of the user's values that were kept instead of ours. */
  kept: string[][];
}

/** A short digest of a value, whatever the order of its keys. */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

/** The content without what we wrote: the user's own. What the user has changed since is theirs; what we replaced is restored. */
export function withoutOurs(content: Content, managed: ManagedValues | undefined): Content {
  // A holder, so that the whole content, at the empty path, is a value like any other.
  const holder: Json = { content: copyOf(content) };
  const set = (at: readonly string[], value: unknown): void => {
    const path = ['content', ...at];
    const parent = valueAt(holder, path.slice(0, -1)) as Json;
    if (value === undefined) delete parent[path.at(-1)!];
    else defineValue(parent, path.at(-1)!, value);
  };
  for (const { at, digest: written, previous } of managed?.values ?? []) {
    const value = valueAt(holder.content, at);
    if (value !== undefined && digest(value) === written) set(at, previous);
  }
  for (const { at, names } of managed?.entries ?? []) {
    const list = valueAt(holder.content, at);
    if (!Array.isArray(list)) continue;
    set(
      at,
      list.filter((one) => !names.includes(one as string)),
    );
  }
  const deepestFirst = (managed?.containers ?? []).toSorted((a, b) => b.length - a.length);
  for (const at of deepestFirst) if (isEmpty(valueAt(holder.content, at))) set(at, undefined);
  return holder.content as Content;
}

/**
 * The user's content without these blocks, whatever the user has changed in them: a part of one would be of no use.
 *
 * @param containers objects that go when they are empty then.
 */
export function withoutBlocks(
  users: Content,
  { blocks = [], containers }: { blocks?: string[][] | undefined; containers: string[][] },
): Content {
  if (blocks.length === 0) return users;
  const values = blocks.map((at) => ({ at, digest: digest(valueAt(users, at)) }));
  return withoutOurs(users, { values, entries: [], containers });
}

/** Paths of our values that the user has changed, so that they are still in the user's content. */
export function changedByUser(users: Content, content: Content, { values }: ManagedValues): string[][] {
  return values
    .filter(({ at, digest: written }) => {
      const [now, left] = [valueAt(content, at), valueAt(users, at)];
      return left !== undefined && digest(now) !== written && canonical(now) === canonical(left);
    })
    .map(({ at }) => at);
}

/** A copy of the objects; lists and other values are shared. */
function copyOf(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyOf(one)]));
}

/** Not an assignment, which would take a key named `__proto__` for the prototype. */
function defineValue(target: Json, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * The user's content with ours.
 *
 * @param users the content without what we wrote before.
 * @param current the content as it is, whose order of list entries stays.
 */
export function withOurs(
  users: Content,
  ours: Json | string,
  current: Content,
  { yields = [], whole = [] }: MergeOptions = {},
): MergedValues {
  const managed: ManagedValues = { values: [], entries: [], containers: [] };
  const [replaced, kept]: [string[][], string[][]] = [[], []];
  const merge = (theirs: unknown, our: unknown, now: unknown, at: string[]): unknown => {
    const isWhole = whole.some((path) => path.length === at.length && isWithin(at, path));
    if (!isWhole && isObject(our) && (theirs === undefined || isObject(theirs))) {
      if (theirs === undefined && at.length > 0) managed.containers.push(at);
      const merged = Object.entries(our).map(([key, value]) => [
        key,
        merge(ownValue(theirs, key), value, ownValue(now, key), [...at, key]),
      ]);
      return Object.fromEntries([...Object.entries(theirs ?? {}), ...merged]);
    }
    if (!isWhole && isStrings(our) && (theirs === undefined || Array.isArray(theirs))) {
      if (theirs === undefined) managed.containers.push(at);
      const before: unknown[] = theirs ?? [];
      const names = our.filter((one) => !before.includes(one));
      if (names.length > 0) managed.entries.push({ at, names });
      return inOrderOf(now, [...before, ...names]);
    }
    if (theirs !== undefined && digest(theirs) === digest(our)) return theirs;
    if (theirs !== undefined && yields.some((path) => isWithin(at, path))) {
      kept.push(at);
      return theirs;
    }
    // Only when it is still there: afterwards the record has it.
    if (theirs !== undefined && canonical(now) === canonical(theirs)) replaced.push(at);
    managed.values.push({ at, digest: digest(our), ...(theirs === undefined ? {} : { previous: theirs }) });
    return our;
  };
  return { content: merge(users, ours, current, []) as Content, managed, replaced, kept };
}

/** Both records together: what either says is ours. Where both know a value that was replaced, it is that of the first one. */
export function bothManaged(a: ManagedValues | undefined, b: ManagedValues | undefined): ManagedValues {
  return {
    values: [...(a?.values ?? []), ...(b?.values ?? [])],
    entries: [...(a?.entries ?? []), ...(b?.entries ?? [])],
    containers: [...(a?.containers ?? []), ...(b?.containers ?? [])],
  };
}

/** The value at a path; undefined if there is none. */
export function valueAt(value: unknown, at: readonly string[]): unknown {
  return at.reduce(ownValue, value);
}

function ownValue(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isWithin(at: readonly string[], path: readonly string[]): boolean {
  return path.every((key, index) => at[index] === key);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isEmpty(value: unknown): boolean {
  return (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);
}

/** The entries in the order of an existing list, with new ones at the end. */
function inOrderOf(existing: unknown, entries: readonly unknown[]): unknown[] {
  const order: unknown[] = Array.isArray(existing) ? existing : [];
  return [...order.filter((one) => entries.includes(one)), ...entries.filter((one) => !order.includes(one))];
}
