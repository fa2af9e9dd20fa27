import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { TriremeError } from '../errors.js';
import { Credentials, credentialsBytesMax } from './credentials.js';

/**
 * Reads the file of --credentials.
 * @throws TriremeError FILE_UNREADABLE or USAGE that names the file and never what is in it
 */
export function readCredentials(path: string): Credentials {
  const where = `--credentials ${path}`;
  return Credentials.parse(readOwn(path, where), where);
}

function readOwn(path: string, where: string): string {
  let fd: number;
  try {
    // Without O_NONBLOCK the open of a FIFO would wait for its writer for ever.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new TriremeError('FILE_UNREADABLE', `${where}: ${(error as Error).message}`, { cause: error });
  }
  try {
    const stat = fstatSync(fd);
    const { mode, uid, size } = stat;
    const refuse = (why: string): TriremeError => new TriremeError('USAGE', `${where}: ${why}`);
    if (!stat.isFile()) throw refuse('not a regular file');
    if (process.getuid !== undefined && uid !== process.getuid() && uid !== 0)
      throw refuse(`it belongs to user ${uid}: it must be the own user's or root's`);
    if ((mode & 0o077) !== 0)
      throw refuse(`others may use it (mode ${(mode & 0o777).toString(8).padStart(4, '0')}): chmod 600 it`);
    if (size > credentialsBytesMax) throw refuse(`${size} bytes are over ${credentialsBytesMax} (credentialsBytesMax)`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
