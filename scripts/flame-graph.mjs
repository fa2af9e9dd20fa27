// Draws a flame graph: the output of `perf script -F comm,pid,tid,ip,sym` comes in, an SVG goes out.
// Usage: node scripts/flame-graph.mjs TITLE <stacks >flame.svg
import { hierarchy, partition } from 'd3-hierarchy';

import { readFileSync, writeSync } from 'node:fs';

const width = 1600;
const rowHeight = 17;
const margin = 10;
const titleHeight = 60;
/** Narrower boxes are not drawn: they hide in the others' edges and make the file large. */
const boxWidthLeast = 0.3;
const letterWidth = 6.6;

/** Stacks as a tree: how many samples ended in each frame. Threads are the first level. */
function readStacks(text) {
  const root = frame('all');
  for (const block of text.split(/\n\s*\n/)) {
    const [head, ...lines] = block.split('\n').filter((line) => line.trim() !== '');
    if (head === undefined) continue;
    let at = child(root, /^\s*(.*?)\s+\d+(?:\/\d+)?\s*:?\s*$/.exec(head)?.[1] ?? head.trim());
    for (const line of lines.reverse()) at = child(at, symbolOf(line));
    at.samples++;
  }
  return root;
}

function frame(name) {
  return { name, samples: 0, byName: new Map() };
}

function child(parent, name) {
  if (!parent.byName.has(name)) parent.byName.set(name, frame(name));
  return parent.byName.get(name);
}

/** `ffff symbol` without its address and without the folders of a script's path; kernel functions end in `_[k]`. */
function symbolOf(line) {
  const [, address, symbol] = /^\s*([0-9a-f]+)\s+(.*)$/.exec(line) ?? [line, '', line.trim()];
  const short = symbol.replace(/(^|\s)(?:file:\/\/)?\/\S*\/((?:[^/\s]+\/)?[^/\s]+:\d+)/, '$1$2');
  return /^ffff[0-9a-f]{12}$/.test(address) ? `${short}_[k]` : short;
}

/** Colours tell where code comes from: scripts, WebAssembly, the kernel, everything else native. */
function colourOf(name) {
  if (name.endsWith('_[k]')) return '#f0a25e';
  if (/wasm/i.test(name)) return '#7a9ff0';
  if (/^(?:JS|LazyCompile|Function|Script|Eval|RegExp):/.test(name)) return '#8fd18a';
  return '#f2d06b';
}

const escaped = (text) => text.replace(/[<>&"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

function draw(title, tree) {
  const nodes = hierarchy(tree, ({ byName }) => [...byName.values()])
    .sum(({ samples }) => samples)
    .sort((x, y) => (x.data.name < y.data.name ? -1 : 1));
  const total = nodes.value;
  const height = titleHeight + (nodes.height + 1) * rowHeight + margin;
  partition().size([width - 2 * margin, (nodes.height + 1) * rowHeight])(nodes);
  const boxes = nodes
    .descendants()
    .filter(({ x0, x1 }) => x1 - x0 >= boxWidthLeast)
    .map(({ x0, x1, depth, value, data }) => {
      const [x, y, w] = [margin + x0, height - margin - (depth + 1) * rowHeight, x1 - x0];
      const letters = Math.floor((w - 4) / letterWidth);
      const label = data.name.length <= letters ? data.name : `${data.name.slice(0, Math.max(0, letters - 1))}…`;
      const told = `${data.name}: ${value} samples, ${((100 * value) / total).toFixed(2)} %`;
      const text = letters < 3 ? '' : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>`;
      return `<g><title>${escaped(told)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${w.toFixed(1)}" height="${rowHeight - 1}" fill="${colourOf(data.name)}"/>${text}</g>`;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">
<rect width="100%" height="100%" fill="white"/>
<text x="${margin}" y="22" font-size="16">${escaped(title)}: ${total} samples</text>
<text x="${margin}" y="42">blue: WebAssembly, green: JavaScript, orange: kernel, yellow: other native code; hover over a box for its share</text>
${boxes.join('\n')}
</svg>
`;
}

const tree = readStacks(readFileSync(0, 'utf8'));
if (tree.byName.size === 0) {
  process.stderr.write('flame-graph: no stack came in\n');
  process.exit(1);
}
writeSync(1, draw(process.argv[2] ?? 'flame graph', tree));
