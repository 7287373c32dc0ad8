/** Where the first stack answers; each further one a hundred above, so that there is room for what belongs to it. */
const FIRST = 4000;
const STEP = 100;

/** The port for one more stack: the first of 4000, 4100, … that none of the others has. */
export function nextPort(taken: Iterable<number>): number {
  const others = new Set(taken);
  let port = FIRST;
  while (others.has(port)) port += STEP;
  return port;
}
