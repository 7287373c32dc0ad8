/** The list of all drills. */
import { brokenDeploy } from './broken-deploy.ts';
import { busy } from './busy.ts';
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

/** All drills, in the order in which they run. */
export const DRILLS: readonly Drill[] = [
  rotateProviderKey,
  rotateMasterKey,
  rotateNow,
  changeCatalogue,
  changeImage,
  changeEdge,
  kill,
  hang,
  busy,
  brokenDeploy,
  leak,
];
