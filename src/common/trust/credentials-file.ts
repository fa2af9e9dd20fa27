import { TriremeError } from '../errors.js';
import { readChecked } from '../small-file.js';
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
  const refuse = (why: string): TriremeError => new TriremeError('USAGE', `${where}: ${why}`);
  try {
    return readChecked(path, (stat) => {
      const { mode, uid, size } = stat;
      if (!stat.isFile()) throw refuse('not a regular file');
      if (process.getuid !== undefined && uid !== process.getuid() && uid !== 0)
        throw refuse(`it belongs to user ${uid}: it must be the own user's or root's`);
      if ((mode & 0o077) !== 0)
        throw refuse(`others may use it (mode ${(mode & 0o777).toString(8).padStart(4, '0')}): chmod 600 it`);
      if (size > credentialsBytesMax)
        throw refuse(`${size} bytes are over ${credentialsBytesMax} (credentialsBytesMax)`);
    }).toString('utf8');
  } catch (error) {
    if (error instanceof TriremeError) throw error;
    throw new TriremeError('FILE_UNREADABLE', `${where}: ${(error as Error).message}`, { cause: error });
  }
}
