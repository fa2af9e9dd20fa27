// Takes each named bound out of the compiled pure modules, one at a time, and says which no unit test of
// their area notices: make mutate-bounds. An upper bound becomes 2 ** 44, a lower one 0, and the compiled
// file is put back each time. Usage: node scripts/mutate-bounds.mjs [AREA...], areas as in
// scripts/mutate-areas.mjs.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { areas } from './mutate-areas.mjs';

/** A run of tests that takes longer goes round and round where the bound was: it is noticed. */
const secondsMax = 120;
/** So is one that takes more memory. */
const heapMegabytes = 2000;

/** What no test notices, and why there is none. */
const explained = {
  'hub/dispatch/hedges.js hedgesMax':
    'copies are counted in a byte; a job has eight, then one at each doubling of its age',
  'hub/dispatch/stalls.js lookedAtMax':
    'the time of one look; jobs become overdue in the order in which they were given',
  'hub/dispatch/stalls.js probesLookedAtMax': 'the time of one look; any job of another worker will do as a probe',
};

const root = 'dist/src';
const files = readdirSync(root, { recursive: true });
/** `a/{b,c}/*.js` as a regular expression. */
const expressionOf = (pattern) =>
  pattern
    .replace(/[.]/g, '\\.')
    .replace(/\{([^}]*)\}/g, (_, names) => `(${names.replaceAll(',', '|')})`)
    .replace(/\*/g, '[^/]*');

const bound = /^(?:exports\.|const )(\w*(?:Max|Min)\w*) = ([\d_.\s*()+\-/e]+);$/gm;
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(areas);
let unnoticed = 0;
process.on('SIGINT', () => undefined);
for (const area of wanted) {
  if (!(area in areas)) throw new Error(`no area ${area}: there are ${Object.keys(areas).join(', ')}`);
  const { code, tests } = areas[area];
  const modules = new RegExp(`^(${code.map(expressionOf).join('|')})$`);
  const about = `dist/test/unit/(${tests.map(expressionOf).join('|')})\\.test\\.js$`;
  for (const name of files.filter((file) => modules.test(file)).sort()) {
    const path = join(root, name);
    const source = readFileSync(path, 'utf8');
    for (const { 0: line, 1: constant, 2: value, index } of source.matchAll(bound)) {
      let verdict;
      const none = constant.includes('Max') ? '2 ** 44' : '0';
      try {
        const changed = line.slice(0, line.lastIndexOf(value)) + `${none};`;
        writeFileSync(path, source.slice(0, index) + changed + source.slice(index + line.length));
        verdict = verdictOf(about, explained[`${name} ${constant}`]);
      } finally {
        writeFileSync(path, source);
      }
      if (verdict === null) process.exit(130);
      if (verdict === 'NOT NOTICED') unnoticed++;
      console.log(`${verdict}: ${name} ${constant} = ${value}`);
    }
  }
}
console.log(`${unnoticed} not noticed`);
process.exitCode = unnoticed === 0 ? 0 : 1;

function verdictOf(about, reason) {
  if (reason !== undefined) return `no test (${reason})`;
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', '--bail', '--testPathPatterns', about];
  const { status, signal } = spawnSync(process.execPath, [`--max-old-space-size=${heapMegabytes}`, ...jest], {
    stdio: 'ignore',
    timeout: secondsMax * 1000,
    killSignal: 'SIGKILL',
    env: { ...process.env, TRIREME_PROPERTY_RUNS: '0.1', TRIREME_PROPERTY_SEED: '1' },
  });
  // Ctrl-C reaches the tests as well, and the compiled file is put back first.
  if (signal === 'SIGINT' || status === 130) return null;
  if (signal !== null) return 'noticed (no end)';
  return status === 0 ? 'NOT NOTICED' : 'noticed';
}
