import { resolve } from 'node:path';
import { openCapture, standardInput, type CaptureFile } from '../captures/file/capture-file.js';
import { isUrl } from '../captures/file/capture-name.js';
import { FileProbe } from '../captures/file/file-probe.js';
import { identityOf } from '../captures/file/identity.js';
import { TriremeError } from '../common/errors.js';
import type { FileIdentity } from '../gen/trireme/v1/capture.js';
import type { DialledMaster } from './master-dial.js';
import { fromMaster, wantsUpload } from './master-errors.js';
import type { Progress } from './progress.js';
import { upload } from './upload.js';

/** Asks a master about the capture of this path there; the identity is left out where this machine cannot tell it. */
type Ask<T> = (path: string, identity: FileIdentity | undefined) => Promise<T>;

/**
 * Asks a master about what a name leads to: a URL, a file that both see or only the master, or one that is sent to it.
 * @param answered looks at a file of this machine once the answer is there
 * @throws TriremeError of the file as without a cluster, of the cluster in the master's words
 */
export async function askForFile<T>(
  master: DialledMaster,
  name: string,
  progress: Progress,
  ask: Ask<T>,
  answered: (file: CaptureFile) => void,
): Promise<T> {
  if (!isUrl(name)) await new FileProbe().check(name, name);
  const file = isUrl(name) ? null : openIfHere(name);
  try {
    const answer =
      file === null
        ? await ask(isUrl(name) ? name : resolve(name), undefined)
        : await askHeld(master, file, progress, ask);
    if (file !== null) answered(file);
    return answer;
  } catch (error) {
    const ours = fromMaster(error, master.name, master.dialler);
    if (file === null && !isUrl(name) && ours.code === 'FILE_UNREADABLE') {
      throw new TriremeError('FILE_UNREADABLE', `${name}: no such file here, nor on the master: ${ours.message}`);
    }
    throw ours;
  } finally {
    file?.close();
  }
}

/** Names a file that this machine holds; sends it when the master does not see the same one. */
async function askHeld<T>({ client }: DialledMaster, file: CaptureFile, progress: Progress, ask: Ask<T>): Promise<T> {
  let identity: FileIdentity | undefined;
  // Standard input has no name that the master could know.
  if (file.sizeBytes !== null && file.name !== standardInput) {
    const { sizeBytes, endsSha256 } = identityOf(file.fd, file.sizeBytes);
    identity = { sizeBytes: BigInt(sizeBytes), endsSha256 };
    try {
      return await ask(resolve(file.name), identity);
    } catch (error) {
      if (!wantsUpload(error)) throw error;
      progress.say(`the master does not see ${file.name}: sending it`);
    }
  }
  const path = await upload(client, file, identity, (bytes) => progress.update(bytes, file.sizeBytes));
  return ask(path, identity);
}

/** A file that only the master has may be named all the same; every other failure to open it is ours to tell. */
function openIfHere(name: string): CaptureFile | null {
  try {
    return openCapture(name);
  } catch (error) {
    if (name !== standardInput && (TriremeError.from(error).cause as NodeJS.ErrnoException)?.code === 'ENOENT')
      return null;
    throw error;
  }
}
