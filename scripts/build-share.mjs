// Writes man pages and completion scripts into dist/share, from the declarations that --help is made from. Run by
// `npm run build`; with a folder named it writes there instead.
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const out = process.argv[2] ?? 'dist/share';
const first = join(out, 'man/man1/trireme.1');
const changed = (file) => statSync(file).mtimeMs;
if (process.argv[2] === undefined && existsSync(first) && changed(first) > changed('dist/.tsbuildinfo'))
  process.exit(0);

const load = createRequire(import.meta.url);
const { describeCommands } = load('../dist/src/shell/describe.js');
const { manOverview, manPage } = load('../dist/src/shell/man-page.js');
const { completionOf, shells } = load('../dist/src/shell/completions.js');

const commands = describeCommands();
const pages = commands
  .filter(({ name }) => !name.includes(' '))
  .map((command) =>
    manPage(
      command,
      commands.filter(({ name }) => name.startsWith(`${command.name} `)),
    ),
  );
/** Where each shell looks for it. */
const places = {
  bash: 'bash-completion/completions/trireme',
  zsh: 'zsh/site-functions/_trireme',
  fish: 'fish/vendor_completions.d/trireme.fish',
};
const files = [
  ...[manOverview(commands), ...pages].map(({ name, text }) => [join('man/man1', name), text]),
  ...shells.map((shell) => [places[shell], completionOf(shell, commands)]),
];

rmSync(out, { recursive: true, force: true });
for (const [file, text] of files) {
  mkdirSync(dirname(join(out, file)), { recursive: true });
  writeFileSync(join(out, file), text);
}
