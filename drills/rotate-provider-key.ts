import { randomBytes } from 'node:crypto';
import { changeWithoutFailures } from './under-load.ts';
import { KEY_NAME } from './drill-stack.ts';
import type { Drill } from './drill-types.ts';

/** Runs `pulumi config set --secret` and `up` under load. */
export const rotateProviderKey: Drill = {
  name: 'rotate-provider-key',
  claim:
    'a provider key is rotated without a failed request or a cut stream; afterwards the upstream receives only the new key',
  async run(context) {
    const { stack } = context;
    const key = `gsk_${randomBytes(26).toString('hex')}`;
    let seenBefore = 0;
    return changeWithoutFailures(
      context,
      async () => {
        await stack.setKey(KEY_NAME, key);
        await stack.up();
        seenBefore = (await stack.upstream.requests()).at(-1)?.n ?? 0;
      },
      async () => {
        const later = await stack.upstream.requests(seenBefore);
        const wrong = later.filter((request) => request.headers.authorization !== `Bearer ${key}`);
        if (later.length === 0) return ['the upstream received nothing after the rotation'];
        return wrong.length > 0
          ? [
              `the upstream received another key in ${wrong.length} of ${later.length} requests after the rotation`,
            ]
          : [];
      },
    );
  },
};
