/** The port of the first stack. Further stacks are 100 apart, which leaves room for other ports of the same stack. */
const FIRST_PORT = 4000;
const STEP = 100;

/** The port for a new stack: the first of 4000, 4100, … that is not taken. */
export function nextPort(taken: Iterable<number>): number {
  const others = new Set(taken);
  let port = FIRST_PORT;
  while (others.has(port)) port += STEP;
  return port;
}
