import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Root of the installed project: the folder that holds package.json, proto/ and dist/. */
export const projectRoot = join(__dirname, '..', '..', '..');

/** Version of this build, as package.json has it. */
export const version: string = (
  JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }
).version;

/** Whether this is the repository, and not the installed package. */
export const cloned = existsSync(join(projectRoot, 'Makefile'));

/** How users call this program. */
export const programName = cloned ? 'bin/trireme' : 'trireme';
