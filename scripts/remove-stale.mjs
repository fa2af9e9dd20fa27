// Removes from dist what was compiled from files that are no more: their tests would run on, and the package
// would hold them. Run by `npm run build` after tsc.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const compiled = /\.(d\.ts|js|js\.map)$/;
/** Made by other steps of the build. */
const bundled = /^dist\/src\/packed\//;

for (const folder of ['src', 'test', 'bench']) {
  const entries = existsSync(join('dist', folder)) ? readdirSync(join('dist', folder), { recursive: true }) : [];
  for (const entry of entries.filter((name) => compiled.test(name))) {
    const file = join('dist', folder, entry);
    const source = join(folder, entry.replace(compiled, '.ts'));
    if (!bundled.test(file) && !existsSync(source)) rmSync(file);
  }
}
