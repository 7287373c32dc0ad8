import providerProto from '@pulumi/pulumi/proto/provider_pb.js';
import { readProperties, writeProperties } from '../../plugin/properties.ts';
import { redact, secretTexts } from '../../plugin/plugin-redact.ts';
import { PluginError } from '../../plugin/rpc.ts';
import { pulumiPath, textOf } from './diagnostics.ts';
import { withName } from './naming.ts';
import type { ResourceType } from './resource.ts';
import { findUnknownProperties } from './unknown-properties.ts';

/** Completes a resource's inputs and lets the provider validate them. */
export async function checkInputs(
  request: providerProto.CheckRequest,
  type: ResourceType,
): Promise<providerProto.CheckResponse> {
  const olds = readProperties(request.getOlds()).values;
  const news = readProperties(request.getNews());
  const inputs = withName(news.values, olds, request, type.shape);
  const response = new providerProto.CheckResponse().setInputs(writeProperties(inputs, news.secrets));

  const unknownProperties = findUnknownProperties(inputs, type.shape);
  if (unknownProperties.length > 0) {
    return response.setFailuresList(
      unknownProperties.map(({ path, known }) =>
        failure(path, `unknown property; allowed: ${known.join(', ')}`),
      ),
    );
  }
  try {
    const errors = await type.validate(inputs);
    return response.setFailuresList(
      errors.map((error) =>
        failure(
          pulumiPath(error.attribute?.steps ?? [], type.shape),
          redact(textOf(error), secretTexts(news)),
        ),
      ),
    );
  } catch (error) {
    // A value of the wrong type is an error of the program, not of the plugin.
    if (error instanceof PluginError) return response.setFailuresList([failure('', error.message)]);
    throw error;
  }
}

function failure(property: string, reason: string): providerProto.CheckFailure {
  return new providerProto.CheckFailure().setProperty(property).setReason(reason);
}
