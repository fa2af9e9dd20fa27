// Writes the declarations that users of the package need into dist/types: those of src/api and what they lead
// to, with their comments. Run by `npm run build` after tsc, which has checked the types and writes none: it
// leaves comments out.
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** Entries of the package: `exports` of package.json. */
const entries = ['api/index', 'api/client', 'api/proto', 'api/kind'];

const changed = (file) => statSync(file).mtimeMs;
const first = 'dist/types/api/index.d.ts';
if (existsSync(first) && changed(first) > changed('dist/.tsbuildinfo')) process.exit(0);

const { options } = ts.getParsedCommandLineOfConfigFile('tsconfig.json', {}, ts.sys);
const program = ts.createProgram(
  entries.map((entry) => `src/${entry}.ts`),
  {
    ...options,
    ...{ declaration: true, emitDeclarationOnly: true, removeComments: false, sourceMap: false },
    ...{ incremental: undefined, tsBuildInfoFile: undefined, types: ['node'] },
  },
);
/** Declarations of all that the entries load, by their place below dist/src. */
const emitted = new Map();
program.emit(
  undefined,
  (file, text) => emitted.set(relative(resolve('dist/src'), resolve(file)), text),
  undefined,
  true,
);

/** Those that the declarations of the entries name. */
const needed = new Map();
function follow(file) {
  if (needed.has(file)) return;
  const text = emitted.get(file);
  if (text === undefined) throw new Error(`build-types: ${file} was not emitted`);
  needed.set(file, text);
  for (const [, target] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g))
    follow(join(dirname(file), `${target}.d.ts`));
}
for (const entry of entries) follow(`${entry}.d.ts`);

rmSync('dist/types', { recursive: true, force: true });
for (const [file, text] of needed) {
  mkdirSync(dirname(join('dist/types', file)), { recursive: true });
  writeFileSync(join('dist/types', file), text);
}
