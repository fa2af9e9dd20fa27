// Copies the declarations that users of the package need from dist/src to dist/types: those of src/api and what they lead to.
// Run by `npm run build` after tsc.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Entries of the package: `exports` of package.json. */
const entries = ['api/index.d.ts', 'api/client.d.ts', 'api/proto.d.ts'];

/** Declarations by their place below dist/src. */
const found = new Map();

function follow(file) {
  if (found.has(file)) return;
  const text = readFileSync(join('dist/src', file), 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
  found.set(file, text);
  for (const [, target] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g))
    follow(relative('.', join(dirname(file), `${target}.d.ts`)));
}

for (const entry of entries) follow(entry);
rmSync('dist/types', { recursive: true, force: true });
for (const [file, text] of found) {
  mkdirSync(dirname(join('dist/types', file)), { recursive: true });
  writeFileSync(join('dist/types', file), text);
}
