import { randomBytes } from 'node:crypto';
import { unnoticed } from './change.ts';
import type { Drill } from './drill-types.ts';

/** Another image of the gateway, built and put in place under load. */
export const changeImage: Drill = {
  name: 'change-image',
  claim: 'the gateway gets another image without a failed request or a cut stream',
  async run(context) {
    const { stack } = context;
    const before = new Set((await stack.gateways()).map((gateway) => gateway.image));
    return unnoticed(
      context,
      async () => {
        const label = `LABEL switchyard.drill=${randomBytes(4).toString('hex')}\n`;
        // One more label each time would make one more layer each time.
        stack.edit(
          'runtimes/gateway/image/Dockerfile',
          (text) => `${text.replace(/LABEL switchyard\.drill=.*\n/, '').trimEnd()}\n${label}`,
        );
        await stack.up();
      },
      async () => {
        const same = (await stack.gateways()).filter((gateway) => before.has(gateway.image));
        return same.length > 0 ? [`${same.length} gateway(s) still run on the image before`] : [];
      },
    );
  },
};
