/** Reads a stack's settings and reports all of their problems at once. */
import { z } from 'zod';
import { explain } from '../diagnostics/explain.ts';
import { findLeaks, GENERIC_PATTERN, keyPatterns } from '../diagnostics/key-leaks.ts';
import { hasErrors, type Problem, sortProblems } from '../diagnostics/problems.ts';
import { parseLenient } from '../diagnostics/parse-lenient.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { nextPort } from '../plan/next-port.ts';
import { keyFault, ownerOfKey, providerOfKey } from '../checks/key-values.ts';
import { checkSettings } from '../checks/settings-checks.ts';
import { explainUnknown } from './settings-keys.ts';
import { type Settings, settingsSchema } from '../schema/settings-schema.ts';
import { fileLeaks, readStackFile } from '../diagnostics/settings-source.ts';
import { bareName, stackFileName } from '../schema/stack-file-names.ts';
import { withCurrentNames } from '../diagnostics/old-names.ts';
import { currentSettingName, RENAMED_SETTINGS } from '../schema/renamed-keys.ts';
import { ANY_KEY, firstKeys, keyBase } from '../schema/provider-key-names.ts';

/** What a stack's settings are read from. */
export interface SettingsInput {
  /** Values by name without the namespace, objects as JSON. Secrets have a value only in the Pulumi program. */
  config: Record<string, string>;
  /** The names of those that are secrets. */
  secretKeys: readonly string[];
  /** The stack's name. */
  stack: string;
  /** The stack's file, for line and column in messages. */
  file?: { path: string; text: string };
  /** The ports of other stacks. If this stack's port is missing, a free one is suggested. */
  takenPorts?: readonly number[];
  /** The catalogue, to check the names of providers, keys and routes. */
  catalog?: Catalog;
}

/** The result of reading a stack's settings. */
export interface ParsedSettings {
  /** Absent where there is an error. */
  settings?: Settings;
  /** The names of the provider keys that are set, sorted; further ones (`…_2`) included. */
  keyNames: string[];
  /** Every error and warning, errors first. */
  problems: Problem[];
  /** The file with lines and columns, for later checks. Paths start with the setting's name. */
  source: Source;
}

/** Parses and checks a stack's settings. Never throws, whatever the values, and never repeats a secret. */
export function parseSettings(input: SettingsInput): ParsedSettings {
  const file = readStackFile(input.file?.path ?? stackFileName(input.stack), input.file?.text ?? '');
  const { values, keyNames, problems } = sortNames(input, file.source);
  const current = withCurrentNames(values, RENAMED_SETTINGS, file.source);
  const { data, source } = current;
  const plain = data as Record<string, unknown>;
  problems.push(...current.problems);
  const parsed = settingsSchema.safeParse(plain);
  let settings: Settings | undefined;
  if (!parsed.success) {
    // A setting that was stored as a secret has its own error; it is not reported as missing too.
    const issues = parsed.error.issues.filter(({ path }) => !input.secretKeys.includes(String(path[0])));
    problems.push(
      ...explain(settingsSchema, plain, new z.ZodError(issues), source).map((problem) =>
        withCommand(problem, nextPort(input.takenPorts ?? [])),
      ),
    );
  }
  const usable = parsed.success ? parsed.data : parseLenient(settingsSchema, { port: 1, ...plain });
  if (usable) {
    settings = complete(usable, input.stack);
    problems.push(...checkSettings(settings, source, { catalog: input.catalog, keyNames }));
  }
  problems.push(...file.misspeltNamespaces, ...leaks(input, source, problems));
  const sorted = sortProblems(problems.map((problem) => forStack(problem, input.stack)));
  return { ...(settings && !hasErrors(sorted) ? { settings } : {}), keyNames, problems: sorted, source };
}

/** Sorts the names into settings, keys, and unknown ones. */
function sortNames(input: SettingsInput, source: Source) {
  const keys = input.catalog && firstKeys(input.catalog.providers);
  // Without a readable catalogue its keys are unknown: any name in the form of a key is accepted.
  const isKey = (name: string) => keys?.includes(keyBase(name)) ?? ANY_KEY.test(name);
  const values: Record<string, unknown> = {};
  const keyNames: string[] = [];
  const problems: Problem[] = [];
  for (const name of new Set([...Object.keys(input.config), ...input.secretKeys])) {
    const secret = input.secretKeys.includes(name);
    if (isSetting(name)) {
      if (!secret) values[name] = readValue(name, input.config[name] ?? '');
      else
        problems.push(
          source.problem([name], 'this setting must not be a secret', {
            fix: `pulumi config set ${name} … --plaintext`,
          }),
        );
    } else if (!isKey(name)) {
      const { message, fix } = explainUnknown(name, Object.keys(settingsSchema.shape), keys);
      problems.push(source.problem([name], message, { fix }));
    } else if (secret) {
      keyNames.push(name);
      problems.push(...valueProblems(input, source, name));
    } else {
      const message = "a provider's key in plain text (not shown); keys may only be stored as secrets";
      problems.push(source.problem([name], message, { fix: `pulumi config set --secret ${name}` }));
    }
  }
  return { values, keyNames: keyNames.sort(), problems };
}

/**
 * Checks a key's value where it is known: in the Pulumi program. A key in another provider's format gets a warning only, since setting it
 * by `pulumi config set` is how to insist on it.
 */
function valueProblems({ config, catalog, stack }: SettingsInput, source: Source, name: string): Problem[] {
  const value = config[name];
  if (value === undefined) return [];
  const usual = `pulumi config set --secret ${name} --stack ${stack}`;
  // Pulumi would replace a value such as `secret` in the command too.
  const set =
    value !== '' && usual.includes(value) ? `./switchyard keys import <an env file> ${stack}` : usual;
  const fault = keyFault(catalog, name, value);
  if (fault !== undefined) {
    const fix = fault.reader === undefined ? set : `${fault.reader} | ${set}`;
    return [source.problem([name], `the value ${fault.message}`, { fix })];
  }
  if (catalog === undefined) return [];
  const owner = ownerOfKey(catalog, name, value);
  if (owner === undefined) return [];
  const message = `the value looks like a key of ${owner}, but is sent to ${providerOfKey(catalog, name) ?? name}`;
  return [source.problem([name], message, { fix: set, severity: 'warning' })];
}

/** Whether a name is a setting's, or was one's in an earlier release. */
function isSetting(name: string): boolean {
  return Object.hasOwn(settingsSchema.shape, currentSettingName(name));
}

/** Converts a value, which Pulumi passes as text, to its setting's type. A text that is not JSON is left for the schema to reject. */
function readValue(name: string, value: string): unknown {
  const schema = settingsSchema.shape[currentSettingName(name) as keyof typeof settingsSchema.shape];
  const [inner] = [schema].map(function unwrap(one: z.core.$ZodType): z.core.$ZodType {
    return one instanceof z.ZodOptional || one instanceof z.ZodDefault || one instanceof z.ZodPrefault
      ? unwrap(one.unwrap())
      : one;
  });
  if (inner instanceof z.ZodString || inner instanceof z.ZodIPv4) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Fills in the defaults that depend on other settings. */
function complete(parsed: z.output<typeof settingsSchema>, stack: string): Settings {
  const { production, mock, replicas } = parsed;
  return { ...parsed, stack, mock: mock ?? !production, replicas: replicas ?? (production ? 2 : 1) };
}

/** Adds the command that sets a wrong or missing value. */
function withCommand(problem: Problem, port: number): Problem {
  const [, full = '', rest] = /^config\.(\w+:\w+)(.*)$/.exec(problem.path) ?? [];
  const name = bareName(full);
  if (name === full || /^unknown key|expected a mapping/.test(problem.message)) return problem;
  const value = name === 'port' ? String(port) : '…';
  return {
    ...problem,
    fix: rest ? `pulumi config set --path '${name}${rest}' ${value}` : `pulumi config set ${name} ${value}`,
  };
}

/** Adds `--stack` to Pulumi's commands: another stack may be selected. */
function forStack(problem: Problem, stack: string): Problem {
  const { fix } = problem;
  if (fix?.startsWith('pulumi config ') !== true || fix.includes('--stack ')) return problem;
  const each = fix.split(' && ').map((command) => `${command} --stack ${stack}`);
  return { ...problem, fix: each.join(' && ') };
}

/** Finds what looks like a key in plain values, except on lines that already have the error about a key in plain text. */
function leaks(input: SettingsInput, source: Source, problems: readonly Problem[]): Problem[] {
  const patterns = input.catalog ? keyPatterns(input.catalog) : [GENERIC_PATTERN];
  if (input.file) {
    const reported = new Set(
      problems.filter((one) => one.message.includes('in plain text')).map((one) => one.line),
    );
    return fileLeaks(source, patterns).filter((leak) => !reported.has(leak.line));
  }
  return Object.entries(input.config)
    .filter(([name]) => isSetting(name) && !input.secretKeys.includes(name))
    .flatMap(([name, value]) =>
      findLeaks(value, source.file, patterns, () => ({ line: 1, column: 1 })).map(({ message, fix }) =>
        source.problem([name], message, fix === undefined ? {} : { fix }),
      ),
    );
}
