// Writes docs/API.md from the declarations in dist/types and the example in docs/examples. Run by `make docs-api`; with
// --stdout it writes nothing. Needs what `npm run build` makes.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import ts from 'typescript';

const { errorKinds } = createRequire(import.meta.url)('../dist/src/common/errors.js');

const entries = [
  { name: 'trireme', file: 'dist/types/api/index.d.ts', about: 'Captures.' },
  { name: 'trireme/client', file: 'dist/types/api/client.d.ts', about: 'Jobs of a load balancer, over TCP and gRPC.' },
  {
    name: 'trireme/kind',
    file: 'dist/types/api/kind.d.ts',
    about: "Types of a kind of one's own: see [KINDS.md](KINDS.md).",
  },
  {
    name: 'trireme/proto',
    file: 'dist/types/api/proto.d.ts',
    about:
      'The protocol, for other languages. A file is also at its own name: `require.resolve("trireme/proto/trireme/v1/job.proto")`.',
  },
];

const head = `# The library

Made from the types by \`make docs-api\`. The package has its types with it and works from CommonJS and ES modules. What is not
here is no part of the interface, and may change with any version: other files cannot be imported. The fields of a result are
explained in [CAPTURES.md](CAPTURES.md), kinds of jobs of one's own in [KINDS.md](KINDS.md).

\`\`\`ts
${readFileSync('docs/examples/library.mts', 'utf8').trimEnd()}
\`\`\`
`;

const program = ts.createProgram(
  entries.map(({ file }) => file),
  { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16, noEmit: true },
);
const checker = program.getTypeChecker();
const plain = (text) => text.replace(/\{@link (\w+) ?\}/g, '`$1`');

function resolved(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The declaration as it is written, without its own comment (told above it) and without what is private. */
function declarationText(node) {
  const owner = ts.isVariableDeclaration(node) ? node.parent.parent : node;
  return plain(owner.getText())
    .replace(/^export (declare )?/, '')
    .replace(/^ +(#private|private [^\n]*);\n/gm, '')
    .replace(/^( +)(?=\S)/gm, (blanks) => ' '.repeat(Math.floor(blanks.length / 4) * 2 + (blanks.length % 4)));
}

function comment(symbol) {
  return plain(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
}

/** Where each name was told first: TriremeError is exported twice. */
const told = new Map();

function section({ name, file, about }) {
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const parts = exported.map((symbol) => {
    const target = resolved(symbol);
    if (told.has(target)) return `### ${symbol.name}\n\nThe same as in \`${told.get(target)}\`.\n`;
    told.set(target, name);
    const text =
      symbol.name === 'ErrorCode' ? codes() : `\`\`\`ts\n${declarationText(target.declarations[0])}\n\`\`\`\n`;
    const words = symbol.name === 'ErrorCode' ? 'What a `TriremeError` is about.' : comment(target);
    return `### ${symbol.name}\n\n${words === '' ? '' : `${words}\n\n`}${text}`;
  });
  return `\n## \`${name}\`\n\n${about}\n\n${parts.join('\n')}`;
}

function codes() {
  const rows = Object.entries(errorKinds).map(
    ([code, { grpc, exitCode, retry }]) => `| \`${code}\` | ${exitCode} | ${grpc} | ${retry ? 'yes' : 'no'} |`,
  );
  return `| code | exit code of the command | gRPC status | may trying again help? |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const text = `${head}${entries.map(section).join('')}`;
if (process.argv.includes('--stdout')) process.stdout.write(text);
else writeFileSync('docs/API.md', text);
