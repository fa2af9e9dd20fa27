import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep, resolve, dirname } from 'node:path';

const root = join(__dirname, '..', '..', '..');

/** Folders of src/ that are roles: each may use the shared folders and nothing of another role. */
const roles = ['lb', 'master', 'worker', 'client', 'analyze', 'udp', 'up', 'certs', 'top', 'shell', 'config'];

/** Shared folders and what each may import beside itself. src/pcap is pure: it reads no file and opens no socket. */
const shared: Readonly<Record<string, readonly string[]>> = {
  common: [],
  gen: [],
  filter: ['common'],
  pcap: ['common', 'filter'],
  kinds: ['common', 'filter', 'pcap', 'captures', 'gen'],
  captures: ['common', 'filter', 'pcap', 'gen'],
  nats: ['common'],
  hub: ['common', 'gen', 'kinds'],
  // Browsers load it: of the others it may take only types.
  web: ['common', 'hub', 'pcap'],
  ledger: ['common', 'gen', 'nats', 'pcap'],
};

/** Rooms of src/hub, lowest first: each may import those before it. What lies in src/hub itself puts them together. */
const hubRooms = ['shares', 'port', 'jobs', 'picking', 'workers', 'audit', 'explain', 'dispatch', 'attach', 'watch'];

/** Rooms of src/captures, likewise. */
const captureRooms = ['file', 'threads', 'packed', 'scan', 'indexed', 'extract', 'url', 'whole', 'join', 'follow'];

interface Import {
  readonly file: string;
  readonly target: string;
}

function importsBelow(folder: string): Import[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => relative(join(root, 'src'), file).split(sep)[0] === folder)
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:from|import|require)\s*\(?\s*'([^']+)'/g)].map((match) => ({
        file: relative(root, file),
        target: match[1].startsWith('.') ? relative(join(root, 'src'), resolve(dirname(file), match[1])) : match[1],
      })),
    );
}

const local = ({ target }: Import): boolean => !target.startsWith('..') && target.includes(sep);

describe('layers', () => {
  test.each(roles)('the role %s imports no other role', (role) => {
    const wrong = importsBelow(role).filter((entry) => {
      const folder = entry.target.split(sep)[0];
      return local(entry) && roles.includes(folder) && folder !== role;
    });
    expect(wrong).toEqual([]);
  });

  test.each(Object.keys(shared))('the shared folder %s imports only what it may', (folder) => {
    const wrong = importsBelow(folder).filter((entry) => {
      const target = entry.target.split(sep)[0];
      return (
        local(entry) &&
        (roles.includes(target) || target in shared) &&
        target !== folder &&
        !shared[folder].includes(target)
      );
    });
    expect(wrong).toEqual([]);
  });

  test('no module of a shared folder imports itself by way of others, types included', () => {
    const imports = new Map<string, string[]>();
    for (const entry of Object.keys(shared).flatMap(importsBelow)) {
      if (!local(entry)) continue;
      const from = relative('src', entry.file);
      imports.set(from, [...(imports.get(from) ?? []), entry.target.replace(/\.js$/, '.ts')]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (done.has(file)) return;
      done.add(file);
      for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    };
    for (const file of imports.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test.each([
    ['hub', [...hubRooms, 'hub'], 100],
    ['captures', captureRooms, 100],
  ] as const)('inside src/%s a room imports only those before it', (folder, order, importsMin) => {
    const roomOf = (path: string): string => {
      const parts = path.split(sep);
      return parts.length > 2 ? parts[1] : parts[0];
    };
    const inside = importsBelow(folder).filter((entry) => local(entry) && entry.target.startsWith(folder + sep));
    const places = inside.map((entry) => ({
      entry,
      from: order.indexOf(roomOf(relative('src', entry.file))),
      to: order.indexOf(roomOf(entry.target)),
    }));
    expect(places.filter(({ from, to }) => from === -1 || to === -1)).toEqual([]);
    expect(places.filter(({ from, to }) => to > from).map(({ entry }) => entry)).toEqual([]);
    expect(inside.length).toBeGreaterThan(importsMin);
  });

  test('nothing imports src/api, which is for users of the package', () => {
    const folders = [...roles, ...Object.keys(shared)];
    const wrong = folders.flatMap(importsBelow).filter((entry) => local(entry) && entry.target.split(sep)[0] === 'api');
    expect(wrong).toEqual([]);
  });

  test('the capture engine imports no file, socket, thread or process module', () => {
    const wrong = importsBelow('pcap').filter(({ target }) =>
      /^(node:)?(fs|net|http|http2|https|child_process|worker_threads|dgram|cluster)(\/|$)/.test(target),
    );
    expect(wrong).toEqual([]);
  });

  test('a thread that runs jobs loads no package as it begins: gRPC alone takes 77 ms and 14 MB of each', () => {
    const seen = new Set<string>();
    const packages: string[] = [];
    const read = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      // What the compiler makes of an import begins its line; what is loaded only when it is asked for stands
      // within one.
      for (const [, id] of readFileSync(file, 'utf8').matchAll(/^\S.*\brequire\("([^"]+)"\)/gm))
        if (id.startsWith('.')) read(resolve(dirname(file), id));
        else if (!id.startsWith('node:')) packages.push(`${relative(root, file)}: ${id}`);
    };
    read(join(root, 'dist/src/worker/threads/job-thread.js'));
    read(join(root, 'dist/src/kinds/commands/command-kind.js'));
    expect(packages).toEqual([]);
    expect(seen.size).toBeGreaterThan(10);
  });
});
