import { join } from 'node:path';
import type { KindTerms } from '../../gen/trireme/v1/worker.js';
import type { Kind } from '../kind.js';
import type { ProcessesPort } from './child.js';
import { servedKind } from './command-kind.js';

/** The kind of a folder, run by a process of Node that has loaded its file; one for each thread. */
export function isolated(kind: Kind & { readonly terms: KindTerms }, file: string, port: ProcessesPort): Kind {
  const launcher = join(__dirname, '..', '..', 'launch.js');
  const argv = [process.execPath, launcher, 'kinds/commands/isolated-process.js', file];
  // As on a thread, it sees all that the worker sees.
  const environment = process.env as Record<string, string>;
  return servedKind(kind, { argv, folder: process.cwd(), environment }, 'frames', port);
}
