/** The request that shows that a deployed gateway answers. */
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { askOnce } from './ask-gateway.ts';

/** What a gateway answered first. */
export interface FirstAnswer {
  model: string;
  text: string;
  ms: number;
}

/**
 * One request: `mock` where it is served, since it costs nothing; else the first model.
 *
 * @returns undefined where no model is served.
 * @throws UserError if there is no answer.
 */
export async function firstAnswer(
  out: Output,
  stack: string,
  { endpoint, key, models }: { endpoint: string; key: string; models: string[] },
): Promise<FirstAnswer | undefined> {
  const model = models.includes('mock') ? 'mock' : models[0];
  if (model === undefined) return undefined;
  const answer = await out.step(`asking ${model}`, () => askOnce(endpoint, key, model));
  if (answer.ok) return { model, text: answer.text, ms: answer.ms };
  throw new UserError(`the gateway is up, but ${model} did not answer`, {
    where: endpoint,
    found: answer.reason,
    command: `./switchyard smoke ${stack}`,
  });
}
