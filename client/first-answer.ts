/** Checks with one request that a deployed gateway answers. */
import { UserError } from '../console/errors.ts';
import type { Output } from '../console/output.ts';
import { askOnce } from './ask-gateway.ts';

/** The gateway's answer. */
export interface FirstAnswer {
  model: string;
  text: string;
  ms: number;
}

/**
 * Sends one request: to `mock` if it is served, since it costs nothing; else to the first model.
 *
 * @returns undefined if no model is served.
 * @throws UserError if the request fails.
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
