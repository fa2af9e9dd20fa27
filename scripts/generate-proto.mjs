// Writes src/gen/ from proto/ with ts-proto, through buf. Run by `npm run build`.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, mkdirSync, statSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const newest = (dir) =>
  Math.max(
    0,
    ...readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
  );

const marker = 'src/gen/trireme';
const oldestOutput = existsSync(marker)
  ? Math.min(
      ...readdirSync(marker, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
    )
  : 0;
if (oldestOutput < Math.max(newest('proto'), statSync('buf.gen.yaml').mtimeMs)) {
  rmSync('src/gen', { recursive: true, force: true });
  mkdirSync('src/gen', { recursive: true });
  execFileSync('node_modules/.bin/buf', ['generate'], { stdio: 'inherit' });
}
