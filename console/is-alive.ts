/**
 * Whether a process of this number lives, whoever it belongs to: EPERM says that it does, and is another user's.
 *
 * @param pid its number; 0 and below name groups of processes, and are never one that lives.
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
