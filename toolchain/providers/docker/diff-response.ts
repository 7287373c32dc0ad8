import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import type { Value } from '../../plugin/properties.ts';
import type { PlanDiff } from './diff.ts';
import { hasAutomaticName, isNamedByUs } from './naming.ts';
import type { Plan } from './resource.ts';
import type { ResourceShape } from './shape.ts';

const { Kind } = providerProto.PropertyDiff;
const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;

const KINDS = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

/** The response for the engine: what a plan changes, and whether that needs a new resource. */
export function diffResponse(
  plan: Plan,
  diff: PlanDiff,
  inputs: Record<string, Value>,
  shape: ResourceShape,
): providerProto.DiffResponse {
  const response = new providerProto.DiffResponse().setHasdetaileddiff(true);
  if (!diff.changed) return response.setChanges(DIFF_NONE);

  const replacing = new Set(
    shape.fields.filter(({ tf }) => plan.replace.has(tf)).map(({ pulumi }) => pulumi),
  );
  const details = response.getDetaileddiffMap();
  for (const { path, kind } of diff.changes) {
    const replaces = replacing.has(topOf(path));
    details.set(path, new providerProto.PropertyDiff().setKind(KINDS[kind][replaces ? 1 : 0]));
  }
  const changed = [...new Set(diff.changes.map(({ path }) => topOf(path)))];
  return response
    .setChanges(DIFF_SOME)
    .setDiffsList(changed)
    .setReplacesList([...replacing])
    .setDeletebeforereplace(replacing.size > 0 && deletedFirst(inputs, shape));
}

/**
 * Whether a replaced resource must be deleted before its successor is created: two cannot have the same name, and the
 * official plugin does so for every container. `deleteBeforeReplace: false` in the program overrides it.
 */
function deletedFirst(inputs: Record<string, Value>, shape: ResourceShape): boolean {
  return shape.type === 'docker_container' || (isNamedByUs(shape) && !hasAutomaticName(inputs));
}

function topOf(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}
