import { ignoreChanges } from './ignore.ts';
import type { Value } from '../../plugin/properties.ts';
import { errorsOf, refuseErrors, textOf } from './diagnostics.ts';
import { diffPlan, type PlanDiff } from './diff.ts';
import { proposedState } from './propose.ts';
import type { ResourceShape } from './shape.ts';
import { PACKED_NULL, readState, withTimeout, type TerraformState } from './state.ts';
import type { TerraformProvider } from './terraform.ts';
import type { Diagnostic } from './tfplugin.ts';
import { pack, toTerraform, unpack } from './values.ts';

const NO_RESOURCE: TerraformState = { value: null, private: new Uint8Array() };

/** What the provider would change. */
export interface Plan {
  prior: TerraformState;
  config: Value;
  planned: TerraformState;
  /** Terraform's names of the attributes that cannot change in place. */
  replace: Set<string>;
}

/** The result of a change: the state now, which may exist in spite of errors. */
export interface Outcome {
  state: TerraformState | undefined;
  errors: string[];
}

/** The operations on one type of resource, in the provider's own protocol. */
export class ResourceType {
  readonly shape: ResourceShape;
  private readonly provider: TerraformProvider;

  constructor(provider: TerraformProvider, shape: ResourceShape) {
    this.provider = provider;
    this.shape = shape;
  }

  /** The provider's state of a resource, from Pulumi's outputs. */
  state(id: string, outputs: Record<string, Value>): Promise<TerraformState> {
    return readState(this.provider, id, outputs, this.shape);
  }

  /** The provider's validation errors for the inputs. */
  async validate(inputs: Record<string, Value>): Promise<Diagnostic[]> {
    const config = pack(toTerraform(inputs, this.shape));
    const answer = await this.provider.call('ValidateResourceConfig', { type_name: this.shape.type, config });
    return errorsOf(answer.diagnostics);
  }

  /**
   * Plans the change from a state to the inputs.
   *
   * @param outputs the old outputs, used for ignored paths
   * @param ignored the paths in `ignoreChanges`
   */
  async plan(
    prior: TerraformState = NO_RESOURCE,
    inputs: Record<string, Value>,
    outputs: Record<string, Value> = {},
    ignored: string[] = [],
  ): Promise<Plan> {
    const config = toTerraform(ignoreChanges(inputs, outputs, ignored), this.shape);
    const answer = await this.provider.call('PlanResourceChange', {
      type_name: this.shape.type,
      prior_state: pack(prior.value),
      proposed_new_state: pack(proposedState(prior.value, config, this.shape)),
      config: pack(config),
      prior_private: prior.private,
    });
    refuseErrors(answer.diagnostics, this.shape);
    return {
      prior,
      config,
      planned: { value: unpack(answer.planned_state), private: answer.planned_private },
      replace: new Set(answer.requires_replace.map(({ steps }) => steps[0]?.attribute_name ?? '')),
    };
  }

  /** The changes in a plan for an existing resource. */
  difference(plan: Plan): PlanDiff {
    return diffPlan(plan.prior.value, plan.planned.value, plan.config, this.shape);
  }

  /** Applies a plan. */
  async apply(plan: Plan, operation: 'create' | 'update', seconds: number): Promise<Outcome> {
    const answer = await this.provider.call('ApplyResourceChange', {
      type_name: this.shape.type,
      prior_state: pack(plan.prior.value),
      planned_state: pack(plan.planned.value),
      config: pack(plan.config),
      planned_private: withTimeout(plan.planned.private, operation, seconds),
    });
    const value = unpack(answer.new_state);
    return {
      state: value === null ? undefined : { value, private: answer.private },
      errors: errorsOf(answer.diagnostics).map(textOf),
    };
  }

  /** Removes a resource. */
  async remove(state: TerraformState, seconds: number): Promise<void> {
    const answer = await this.provider.call('ApplyResourceChange', {
      type_name: this.shape.type,
      prior_state: pack(state.value),
      planned_state: PACKED_NULL,
      config: PACKED_NULL,
      planned_private: withTimeout(state.private, 'delete', seconds),
    });
    refuseErrors(answer.diagnostics, this.shape);
  }

  /** Reads a resource's current state; `undefined` if it does not exist any more. */
  async read(state: TerraformState): Promise<TerraformState | undefined> {
    const answer = await this.provider.call('ReadResource', {
      type_name: this.shape.type,
      current_state: pack(state.value),
      private: state.private,
    });
    refuseErrors(answer.diagnostics, this.shape);
    const value = unpack(answer.new_state);
    return value === null ? undefined : { value, private: answer.private };
  }

  /** Reads a resource of which only the id is known. */
  async import(id: string): Promise<TerraformState | undefined> {
    const answer = await this.provider.call('ImportResourceState', { type_name: this.shape.type, id });
    refuseErrors(answer.diagnostics, this.shape);
    const found = answer.imported_resources[0];
    return found ? this.read({ value: unpack(found.state), private: found.private }) : undefined;
  }
}

/** The id of a state. */
export function idOf({ value }: TerraformState): string {
  const id = (value as Record<string, Value>)['id'];
  return typeof id === 'string' ? id : '';
}
