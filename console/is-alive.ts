/**
 * Whether the process `pid` is running, whichever user owns it: EPERM means that it is running and belongs to another user.
 *
 * @param pid the process id; 0 and below denote process groups and give false.
 */
export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
