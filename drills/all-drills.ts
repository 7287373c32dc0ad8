/** Every drill, in the order in which they run. */
import { brokenDeploy } from './broken-deploy.ts';
import { changeCatalogue } from './change-catalogue.ts';
import { changeEdge } from './change-edge.ts';
import { changeImage } from './change-image.ts';
import { hang } from './hang.ts';
import { kill } from './kill.ts';
import { leak } from './leak.ts';
import { rotateMasterKey } from './rotate-master-key.ts';
import { rotateNow } from './rotate-now.ts';
import { rotateProviderKey } from './rotate-provider-key.ts';
import type { Drill } from './drill-types.ts';

/** See above. */
export const DRILLS: readonly Drill[] = [
  rotateProviderKey,
  rotateMasterKey,
  rotateNow,
  changeCatalogue,
  changeImage,
  changeEdge,
  kill,
  hang,
  brokenDeploy,
  leak,
];
