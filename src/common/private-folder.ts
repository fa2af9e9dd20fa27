import { chmodSync, lstatSync, readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from './make-folders.js';
import { TriremeError, type ErrorCode } from './errors.js';

/** What the group and others may do: nothing may be left of it. */
const othersBits = 0o077;

/**
 * Makes a folder that only this user can enter, or checks one that is there: it must be this user's, closed
 * to all others, and hold nothing but files and folders of this user. An empty folder is closed; so is what
 * lies open inside of a closed folder, because nobody else could reach it.
 * @param option the option that named it, for errors
 * @param code of the errors
 * @throws TriremeError that says which command mends it
 */
export function openPrivateFolder(folder: string, option: string, code: ErrorCode): void {
  const refuse = (words: string, cause?: unknown): never => {
    throw new TriremeError(code, `${option} ${folder}${words}`, { cause });
  };
  try {
    makeFolders(folder, 0o700);
    checkOwner(lstatSync(folder), folder, folder, refuse, [0]);
    const top = statSync(folder);
    checkOwner(top, folder, folder, refuse);
    if ((top.mode & othersBits) !== 0) {
      if (readdirSync(folder).length > 0) refuse(openToOthers(folder, top));
      chmodSync(folder, 0o700);
    }
    closeBelow(folder, folder, refuse);
  } catch (error) {
    if (error instanceof TriremeError) throw error;
    refuse(`: ${(error as Error).message}`, error);
  }
}

type Refuse = (words: string) => never;

function closeBelow(folder: string, top: string, refuse: Refuse): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    // Another master that uses the same spool may have removed it meanwhile.
    if (found === undefined) continue;
    if (!found.isFile() && !found.isDirectory()) refuse(`: ${path} is neither a file nor a folder: remove it`);
    checkOwner(found, path, top, refuse);
    if ((found.mode & othersBits) !== 0) chmodSync(path, found.mode & 0o700);
    if (found.isDirectory()) closeBelow(path, top, refuse);
  }
}

/** @param also user ids that are trusted beside this user's */
function checkOwner({ uid }: Stats, path: string, top: string, refuse: Refuse, also: readonly number[] = []): void {
  const own = process.geteuid?.() ?? uid;
  if (uid === own || also.includes(uid)) return;
  refuse(
    `: ${path} belongs to the user of id ${uid}, and this process runs as ${own}: run ` +
      `'chown -R ${own} ${shellWord(top)}' if you trust what lies in it, or name another folder`,
  );
}

function openToOthers(folder: string, { mode }: Stats): string {
  return (
    ` is open to other users (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}), and captures and URLs with secrets ` +
    `lie in it: run 'chmod -R go= ${shellWord(folder)}', or name a folder of its own`
  );
}

/** A path as a shell takes it as one word. */
function shellWord(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
