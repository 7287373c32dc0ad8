import { changeWithoutFailures } from './under-load.ts';
import { MODEL } from './drill-stack.ts';
import type { Drill } from './drill-types.ts';

const CATALOG = 'config-templates/catalog.yaml';
const MODELS = ['openai/gpt-oss-120b', 'openai/gpt-oss-20b'] as const;

/** Sends an alias to another upstream model and changes a fallback chain, under load. */
export const changeCatalogue: Drill = {
  name: 'change-catalogue',
  claim:
    'an alias gets another upstream model and a fallback chain another hop without a failed request or a cut stream',
  async run(context) {
    const { stack } = context;
    let expected = '';
    let seenBefore = 0;
    return changeWithoutFailures(
      context,
      async () => {
        stack.edit(CATALOG, (text) => {
          const changed = otherModel(text);
          expected = changed.model;
          return changed.text;
        });
        stack.edit(CATALOG, otherHop);
        await stack.up();
        seenBefore = (await stack.upstream.requests()).at(-1)?.n ?? 0;
      },
      async () => {
        const later = await stack.upstream.requests(seenBefore);
        const wrong = later.filter((request) => request.model !== expected);
        if (later.length === 0) return ['the upstream received nothing after the change'];
        return wrong.length > 0
          ? [
              `${wrong.length} of ${later.length} requests after the change asked for ${wrong[0]?.model} instead of ${expected}`,
            ]
          : [];
      },
    );
  },
};

/** The catalogue with the drills' alias switched to the other of two models. */
export function otherModel(text: string): { text: string; model: string } {
  const alias = new RegExp(`(\\n  ${MODEL}:\\n    provider: groq\\n    model: )(\\S+)`);
  const present = alias.exec(text)?.[2];
  const model = present === MODELS[0] ? MODELS[1] : MODELS[0];
  return { text: text.replace(alias, `$1${model}`), model };
}

/** The catalogue with a hop removed from a fallback chain, or added again. */
export function otherHop(text: string): string {
  const [long, brief] = [
    'groq-mixtral: [groq-llama3-70b, together-mixtral]',
    'groq-mixtral: [groq-llama3-70b]',
  ];
  return text.includes(long) ? text.replace(long, brief) : text.replace(brief, long);
}
