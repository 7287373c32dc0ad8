/** Reads the YAML of a `Pulumi.<stack>.yaml` without Pulumi. */
import { formatProblems } from '../domain/diagnostics/problems.ts';
import { readYaml } from '../domain/diagnostics/yaml-source.ts';
import { UserError } from '../console/errors.ts';

/**
 * The mapping in a stack's file; empty if the file has only comments.
 *
 * @param text the file's text.
 * @param file its name, for the error.
 * @throws UserError with the position if it is not YAML or not a mapping. The error never quotes the file: it may contain a key.
 */
export function readStackYaml(text: string, file: string): Record<string, unknown> {
  const { data, problems } = readYaml(text, file);
  if (problems.length > 0) throw new UserError(formatProblems(problems));
  if (data === undefined || data === null) return {};
  if (typeof data === 'object' && !Array.isArray(data)) return data as Record<string, unknown>;
  throw new UserError('the stack settings are not a mapping', {
    where: file,
    allowed: 'the key "config", with the settings below it',
  });
}
