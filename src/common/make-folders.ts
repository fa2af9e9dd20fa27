import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it that are missing; one that is there already is left as it is. Not `mkdirSync` with
 * `recursive`, which before Node 26 may not return where the kernel refuses a name (seen with 20.20, 22.23, 24.22).
 * @throws what mkdirSync throws, such as EACCES, ENOTDIR or, where a file has the name, EEXIST
 */
export function makeFolders(path: string, mode = 0o777): void {
  const whole = resolve(path);
  try {
    mkdirSync(whole, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(whole).isDirectory()) return;
    const above = dirname(whole);
    if (code !== 'ENOENT' || existsSync(above)) throw error;
    makeFolders(above, mode);
    // Others may make it at the same time.
    if (!existsSync(whole)) makeFolders(whole, mode);
  }
}
