import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TriremeError } from '../common/errors.js';
import { compileFolderKind } from './folder-kind.js';
import type { ProcessesPort } from './commands/child.js';
import type * as IsolatedKind from './commands/isolated-kind.js';
import type { Kind } from './kind.js';
import type { KindRegistry } from './registry.js';

/** What files of kinds are called. */
const filePattern = /^(.+)\.kind\.(?:js|mjs|cjs)$/;

const load = createRequire(__filename);

/**
 * Registers every kind of these folders.
 * @param port of the processes that a thread starts for kinds with isolate: process; null: none, jobs are run elsewhere
 * @throws TriremeError USAGE or FILE_UNREADABLE, with the file and what is wrong with it
 */
export async function addFolderKinds(
  registry: KindRegistry,
  folders: readonly string[],
  port: ProcessesPort | null = null,
): Promise<void> {
  for (const folder of folders) {
    const files = namesIn(folder);
    if (files.length === 0)
      throw new TriremeError('USAGE', `--kinds ${folder} holds no file NAME.kind.js, NAME.kind.mjs or NAME.kind.cjs`);
    for (const name of files) {
      const file = join(folder, name);
      const [, stem] = filePattern.exec(name) as RegExpExecArray;
      const kind = compileFolderKind(await exportedBy(resolve(file), file), stem, file);
      registry.add(
        kind.processes === true && port !== null ? inProcess(kind, resolve(file), port) : kind,
        file,
        'USAGE',
      );
    }
  }
}

/** Loaded only here: most threads have no processes. */
function inProcess(kind: ReturnType<typeof compileFolderKind>, file: string, port: ProcessesPort): Kind {
  return (require('./commands/isolated-kind.js') as typeof IsolatedKind).isolated(kind, file, port);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => filePattern.test(name))
      .sort();
  } catch (error) {
    throw new TriremeError('FILE_UNREADABLE', `--kinds ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

/** The object `kind` of a module, or its default export, or all that it exports. */
export async function exportedBy(path: string, file: string): Promise<unknown> {
  let loaded: { kind?: unknown; default?: unknown; run?: unknown };
  try {
    loaded = await moduleAt(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TriremeError('USAGE', `kind ${file}: cannot be loaded: ${message}`, { cause: error });
  }
  const { kind, default: main } = loaded;
  return kind ?? (main as { kind?: unknown } | undefined)?.kind ?? main ?? (loaded.run === undefined ? kind : loaded);
}

async function moduleAt(path: string): Promise<object> {
  if (path.endsWith('.mjs')) return (await import(pathToFileURL(path).href)) as object;
  try {
    return load(path) as object;
  } catch (error) {
    // A .js file in a package of ES modules; Node from 22.12 on loads that too.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ESM') throw error;
    return (await import(pathToFileURL(path).href)) as object;
  }
}
