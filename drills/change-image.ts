import { randomBytes } from 'node:crypto';
import { changeWithoutFailures } from './under-load.ts';
import type { Drill } from './drill-types.ts';

/** Builds and deploys another image of the gateway, under load. */
export const changeImage: Drill = {
  name: 'change-image',
  claim: 'the gateway gets another image without a failed request or a cut stream',
  async run(context) {
    const { stack } = context;
    const before = new Set((await stack.gateways()).map((gateway) => gateway.image));
    return changeWithoutFailures(
      context,
      async () => {
        const label = `LABEL switchyard.drill=${randomBytes(4).toString('hex')}\n`;
        // Replace the label instead of adding one: each added label would add a layer.
        stack.edit(
          'runtimes/gateway/image/Dockerfile',
          (text) => `${text.replace(/LABEL switchyard\.drill=.*\n/, '').trimEnd()}\n${label}`,
        );
        await stack.up();
      },
      async () => {
        const same = (await stack.gateways()).filter((gateway) => before.has(gateway.image));
        return same.length > 0 ? [`${same.length} gateway(s) still run the previous image`] : [];
      },
    );
  },
};
