/**
 * Merges our part into a user's opencode.json. Pure: text in, text out. Comments, order and indentation of what was
 * there stay; a file that is no valid JSON is an error and nothing is changed.
 */
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'jsonc-parser';
import { providerOf } from '../domain/plan/lanes.ts';
import type { OpencodeConfig } from '../domain/render/opencode-files.ts';
import { MOCK_ALIAS } from '../domain/schema/catalog-schema.ts';
import { UserError } from '../console/errors.ts';
import { type Json, object, parseObject } from './json-objects.ts';
import { mergeAgents, mergeProviders } from './merge-entries.ts';
import { type ListEntries, mergeDisabled, mergeEnabled } from './merge-lists.ts';
import { rewrite } from './rewrite.ts';

/** The client's default models, `provider/model`. */
const DEFAULTS = ['model', 'small_model'];

/** What a merge has made. */
export interface Merged {
  /** The file's new text. */
  text: string;
  /** What the user should know: entries of theirs that gave way, or that ours gave way to. */
  notes: string[];
  /** The list entries that are ours and not the user's: for the record. */
  added: ListEntries;
}

/** What a merge of opencode.json needs to know beside the two files. */
export interface MergeContext {
  /** The file's name, for messages. */
  file: string;
  /** Values of the global files beneath this one: set there is set. */
  beneath?: Json;
  /** Providers of ours that had a key before: one of those that is switched off now was switched off by the user. */
  hadKey?: readonly string[];
  /** The user's own logins, in auth.json. */
  logins?: readonly string[];
  /** The list entries that we added before; undefined where there is no record of them. */
  added?: ListEntries | undefined;
}

/**
 * Merges ours into an existing opencode.json or .jsonc.
 *
 * @param existing the file's text; undefined where there is none.
 */
export function mergeOpencode(
  existing: string | undefined,
  ours: OpencodeConfig,
  context: MergeContext,
): Merged {
  const text = existing === undefined || existing.trim() === '' ? '{}\n' : existing;
  const theirs = parseObject(text, context.file);
  const notes: string[] = [];
  const { wanted, added } = mergeValues(theirs, ours, context, notes);
  const merged = rewrite(text, theirs, wanted);
  if (!isDeepStrictEqual(parse(merged), wanted)) {
    throw new UserError(`${context.file} could not be merged: a key seems to stand in it twice`, {
      where: context.file,
      allowed: 'each key once',
    });
  }
  return { text: merged, notes, added };
}

function mergeValues(
  theirs: Json,
  ours: OpencodeConfig,
  context: MergeContext,
  notes: string[],
): { wanted: Json; added: ListEntries } {
  const wanted: Json = { ...theirs };
  const below = context.beneath ?? {};
  const wholeFileIsOurs = isOurs(theirs, ours) && isOurs(below, ours);
  const isSet = (key: string): boolean => theirs[key] !== undefined || below[key] !== undefined;

  const lists = {
    theirs,
    below,
    ours,
    wholeFileIsOurs,
    hadKey: context.hadKey ?? [],
    logins: context.logins ?? [],
    added: context.added,
  };
  const disabled = mergeDisabled(lists);
  const enabled = mergeEnabled(lists, notes);

  for (const [key, value] of Object.entries(ours)) {
    if (['provider', 'agent', 'enabled_providers', 'disabled_providers'].includes(key)) continue;
    if (!DEFAULTS.includes(key) && !isSet(key) && (wholeFileIsOurs || key === '$schema')) wanted[key] = value;
  }
  // A default whose provider is off, by us or by the user, would fail every command of the client.
  for (const key of DEFAULTS) {
    const value = typeof ours[key] === 'string' ? ours[key] : undefined;
    const isOn = value !== undefined && !disabled.list?.includes(providerOf(value));
    if (isOn && (!isSet(key) || isStale(theirs[key] ?? below[key], ours))) wanted[key] = value;
    if (!isOn && isStale(theirs[key], ours)) delete wanted[key];
  }
  setOrDelete(wanted, 'disabled_providers', disabled.list);
  setOrDelete(wanted, 'enabled_providers', enabled.list);

  wanted.provider = mergeProviders(object(theirs.provider), ours, notes);
  const agents = mergeAgents(object(theirs.agent), ours, notes);
  if (Object.keys(agents).length > 0 || theirs.agent !== undefined) wanted.agent = agents;
  if (
    typeof wanted.default_agent === 'string' &&
    theirs.default_agent === undefined &&
    !agents[wanted.default_agent]
  ) {
    delete wanted.default_agent;
  }
  return { wanted, added: { enabled_providers: enabled.added, disabled_providers: disabled.added } };
}

function setOrDelete(values: Json, key: string, value: unknown): void {
  if (value === undefined) delete values[key];
  else values[key] = value;
}

/** Whether a file holds nothing but what we write, so that we may decide for it which providers there are. */
function isOurs(theirs: Json, ours: OpencodeConfig): boolean {
  const known = [...Object.keys(ours), 'model', 'small_model', 'default_agent'];
  return (
    Object.keys(theirs).every((key) => known.includes(key)) &&
    Object.keys(object(theirs.provider)).every((name) => name in ours.provider) &&
    ['model', 'small_model'].every((key) => {
      const value = theirs[key];
      return value === undefined || (typeof value === 'string' && providerOf(value) in ours.provider);
    })
  );
}

/**
 * Whether a default of ours no longer holds: its provider is off, it has that model no more, or it is the mock, which stood there for
 * want of a real one.
 */
function isStale(value: unknown, ours: OpencodeConfig): boolean {
  if (typeof value !== 'string') return false;
  const name = providerOf(value);
  if (!(name in ours.provider)) return false;
  const id = value.slice(name.length + 1);
  return !ours.enabled_providers.includes(name) || !ours.provider[name]?.models[id] || id === MOCK_ALIAS;
}
