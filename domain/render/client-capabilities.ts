/** What opencode's file says of a model's abilities. Pure. */
import type { Capability } from '../schema/catalog-schema.ts';
import type { InputModality, OpencodeModel } from './opencode-files.ts';

/** SDK packages in opencode that fail before any request if a message has a PDF. */
const WITHOUT_PDF = ['@ai-sdk/groq'];

/**
 * The fields of a model in opencode's file.
 *
 * @param capabilities of the model; undefined where unknown: then opencode's defaults hold, text and tools.
 * @param npm the SDK package with which opencode calls it.
 */
export function opencodeAbilities(
  capabilities: readonly Capability[] | undefined,
  npm: string,
): Pick<OpencodeModel, 'modalities' | 'reasoning' | 'tool_call'> {
  if (capabilities === undefined) return {};
  const input: InputModality[] = ['text'];
  if (capabilities.includes('image')) input.push('image');
  if (capabilities.includes('pdf') && !WITHOUT_PDF.includes(npm)) input.push('pdf');
  return {
    modalities: { input, output: ['text'] },
    reasoning: capabilities.includes('reasoning'),
    tool_call: capabilities.includes('tools'),
  };
}
