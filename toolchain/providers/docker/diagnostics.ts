import { PluginError } from '../../plugin/rpc.ts';
import type { ObjectShape, Shape } from './shape.ts';
import type { Diagnostic, PathStep } from './tfplugin.ts';

const ERROR = 1;

/** The errors among the provider's diagnostics. */
export function errorsOf(diagnostics: Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === ERROR);
}

/** The message of a diagnostic. */
export function textOf({ summary, detail }: Diagnostic): string {
  return detail && detail !== summary ? `${summary}: ${detail}` : summary;
}

/** Throws if the provider reports an error. */
export function refuseErrors(diagnostics: Diagnostic[], shape: ObjectShape): void {
  const errors = errorsOf(diagnostics);
  if (errors.length === 0) return;
  throw new PluginError(
    errors
      .map((error) => {
        const path = pulumiPath(error.attribute?.steps ?? [], shape);
        return path ? `${path}: ${textOf(error)}` : textOf(error);
      })
      .join('\n'),
  );
}

/** A Terraform path in Pulumi's names. */
export function pulumiPath(steps: PathStep[], shape: ObjectShape): string {
  let at: Shape | undefined = shape;
  let path = '';
  for (const { attribute_name: name, element_key_string: key, element_key_int: index } of steps) {
    if (name) {
      const field: ObjectShape['fields'][number] | undefined =
        at?.kind === 'object' ? at.fields.find(({ tf }) => tf === name) : undefined;
      path += (path ? '.' : '') + (field?.pulumi ?? name);
      at = field?.shape;
    } else {
      const flat: boolean = (at?.kind === 'list' || at?.kind === 'set') && at.flat;
      if (!flat) path += `[${key ? JSON.stringify(key) : (index ?? 0)}]`;
      at = at && 'element' in at ? at.element : undefined;
    }
  }
  return path;
}
