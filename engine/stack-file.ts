/** Reads the YAML of a `Pulumi.<stack>.yaml` as it stands, whatever Pulumi would make of it. */
import { formatProblems } from '../domain/diagnostics/problems.ts';
import { readYaml } from '../domain/diagnostics/yaml-source.ts';
import { UserError } from '../console/errors.ts';

/**
 * The mapping in a stack's file; an empty one where there is nothing but comments.
 *
 * @param text the file's text.
 * @param file its name, for the error.
 * @throws UserError with the place if it is no YAML or no mapping. The error never quotes the file: a key may stand there.
 */
export function readStackYaml(text: string, file: string): Record<string, unknown> {
  const { data, problems } = readYaml(text, file);
  if (problems.length > 0) throw new UserError(formatProblems(problems));
  if (data === undefined || data === null) return {};
  if (typeof data === 'object' && !Array.isArray(data)) return data as Record<string, unknown>;
  throw new UserError('the stack settings are no mapping', {
    where: file,
    allowed: 'config: and names below it',
  });
}
