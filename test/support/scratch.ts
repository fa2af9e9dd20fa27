import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scratch {
  readonly path: string;
  /** Writes a file and answers with its path. */
  file(name: string, bytes: Uint8Array | string): string;
}

/** A folder for one test file, removed after its tests. */
export function scratchFolder(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'trireme-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    file: (name, bytes) => {
      writeFileSync(join(path, name), bytes);
      return join(path, name);
    },
  };
}
