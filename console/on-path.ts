import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Whether a program of this name is on the PATH. Runs nothing. */
export async function isOnPath(name: string, path = process.env.PATH ?? ''): Promise<boolean> {
  const folders = path.split(delimiter).filter(Boolean);
  return (await Promise.all(folders.map((folder) => isExecutable(join(folder, name))))).includes(true);
}

/** Whether a file exists and this user may run it. */
export function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
