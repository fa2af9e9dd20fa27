import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';

/** The optional collection of real captures beside the project, or null. */
export function sharedCapturesFolder(): string | null {
  const folder = process.env.TRIREME_SHARED_CAPTURES ?? join(projectRoot, '../shared/captures');
  return existsSync(folder) ? folder : null;
}
