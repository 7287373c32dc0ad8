/** Reads a stack's settings, and says everything that is wrong with them at once. */
import { z } from 'zod';
import { explain } from '../diagnostics/explain.ts';
import { findLeaks, GENERIC_PATTERN, keyPatterns } from '../diagnostics/key-leaks.ts';
import { hasErrors, type Problem, sortProblems } from '../diagnostics/problems.ts';
import { parseLenient } from '../diagnostics/parse-lenient.ts';
import type { Catalog } from '../schema/catalog-schema.ts';
import type { Source } from '../diagnostics/yaml-source.ts';
import { nextPort } from '../plan/next-port.ts';
import { checkSettings } from '../checks/settings-checks.ts';
import { explainUnknown } from './settings-keys.ts';
import { type Settings, settingsSchema } from '../schema/settings-schema.ts';
import { fileLeaks, readStackFile } from '../diagnostics/settings-source.ts';
import { bareName, stackFileName } from '../schema/stack-file-names.ts';
import { withCurrentNames } from '../diagnostics/old-names.ts';
import { currentSettingName, RENAMED_SETTINGS } from '../schema/renamed-keys.ts';
import { ANY_KEY, keyBase } from '../schema/provider-key-names.ts';

/** What a stack's settings are read from. */
export interface SettingsInput {
  /** Every value by its name without the namespace; objects as JSON. Values of secrets may be left out or empty. */
  config: Record<string, string>;
  /** The names of those that are secrets. */
  secretKeys: readonly string[];
  /** The stack's name. */
  stack: string;
  /** The stack's file, for the places in messages. */
  file?: { path: string; text: string };
  /** The ports that other stacks have: a missing one is suggested beside them. */
  takenPorts?: readonly number[];
  /** The catalogue, against which the names of providers, keys and routes are held. */
  catalog?: Catalog;
}

/** A stack's settings that were read. */
export interface ParsedSettings {
  /** Absent where there is an error. */
  settings?: Settings;
  /** The names of the provider keys that are set, sorted; further ones (`…_2`) included. */
  keyNames: string[];
  /** Every error and warning, errors first. */
  problems: Problem[];
  /** The file with its places, for checks that come later. Paths start with the setting's name. */
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
    // A setting that was made a secret is not missing on top of that.
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
    problems.push(...checkSettings(settings, source, input.catalog));
  }
  problems.push(...file.strangers, ...leaks(input, source, problems));
  const sorted = sortProblems(problems.map((problem) => forStack(problem, input.stack)));
  return { ...(settings && !hasErrors(sorted) ? { settings } : {}), keyNames, problems: sorted, source };
}

/** Parts the names into settings, keys, and those that are neither. */
function sortNames(input: SettingsInput, source: Source) {
  const keys = input.catalog && Object.values(input.catalog.providers).map(({ key }) => key);
  // While the catalogue cannot be read, nobody knows its keys: any name that has their form will do.
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
    } else {
      const message = "a provider's key in plain text (not shown); keys may only be stored as secrets";
      problems.push(source.problem([name], message, { fix: `pulumi config set --secret ${name}` }));
    }
  }
  return { values, keyNames: keyNames.sort(), problems };
}

/** Whether a name is a setting's, or was one's in an earlier release. */
function isSetting(name: string): boolean {
  return Object.hasOwn(settingsSchema.shape, currentSettingName(name));
}

/** A value as its setting wants it: Pulumi hands every one over as text. What does not read is left for the schema to refuse. */
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

/** The settings with the defaults that depend on others. */
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

/** A command of Pulumi's with the stack that it is for: which one is selected, nobody knows. */
function forStack(problem: Problem, stack: string): Problem {
  const { fix } = problem;
  if (fix?.startsWith('pulumi config ') !== true || fix.includes('--stack ')) return problem;
  const each = fix.split(' && ').map((command) => `${command} --stack ${stack}`);
  return { ...problem, fix: each.join(' && ') };
}

/** What looks like a key in plain values; once per line, if something else was said of that line. */
function leaks(input: SettingsInput, source: Source, problems: readonly Problem[]): Problem[] {
  const patterns = input.catalog ? keyPatterns(input.catalog) : [GENERIC_PATTERN];
  if (input.file) {
    const told = new Set(
      problems.filter((one) => one.message.includes('in plain text')).map((one) => one.line),
    );
    return fileLeaks(source, patterns).filter((leak) => !told.has(leak.line));
  }
  return Object.entries(input.config)
    .filter(([name]) => isSetting(name) && !input.secretKeys.includes(name))
    .flatMap(([name, value]) =>
      findLeaks(value, source.file, patterns, () => ({ line: 1, column: 1 })).map(({ message, fix }) =>
        source.problem([name], message, fix === undefined ? {} : { fix }),
      ),
    );
}
