/** Finds out which stack a client's files belong to, from the record and from the entries themselves. Pure. */
import { OUR_MARK } from '../domain/render/opencode-files.ts';
import { type Json, object } from './json-objects.ts';
import { isOurEntry } from './merge-entries.ts';
import type { ClientRecord, Owner } from './record.ts';

/** What is known of a client's files before they are written. */
export interface Ownership {
  /** The stack that they belong to; undefined if Switchyard has written nothing there. */
  owner?: Owner | undefined;
  /** The record, if it is up to date. */
  record?: ClientRecord | undefined;
  /** Whether the files contain any of Switchyard's entries. */
  hasEntries: boolean;
}

/**
 * Finds out which stack the files belong to.
 *
 * @param configs the client's config files, parsed; the one whose values win is first.
 */
export function ownershipOf(configs: readonly Json[], record: ClientRecord | undefined): Ownership {
  const entries = configs.flatMap(({ provider }) => Object.values(object(provider)).filter(isOurEntry));
  if (entries.length === 0) return { hasEntries: false, record };
  const written = entries.map(stackOf).find((stack) => stack !== undefined);
  // If the names differ, an older release, which writes no record, has connected another stack since: the record is out of date.
  const isStale = record !== undefined && written !== undefined && written !== record.owner.stack;
  const owner = record === undefined || isStale ? written && { stack: written } : record.owner;
  return { hasEntries: true, owner: owner || undefined, record: isStale ? undefined : record };
}

/** Whether two owners are the same stack. If a backend is not known, only the names are compared. */
export function isSameOwner(a: Owner, b: Owner): boolean {
  if (a.stack !== b.stack) return false;
  return a.backend === undefined || b.backend === undefined || a.backend === b.backend;
}

/** The stack from the name of a provider that we wrote: every release writes it there. */
function stackOf(entry: unknown): string | undefined {
  const { name } = object(entry);
  return typeof name === 'string' ? new RegExp(`\\(${OUR_MARK} (\\S+)\\)$`).exec(name)?.[1] : undefined;
}
