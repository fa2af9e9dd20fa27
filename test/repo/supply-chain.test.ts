import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';

const text = (name: string): string => readFileSync(join(projectRoot, name), 'utf8');

interface Locked {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, Locked> };
const scripted = Object.entries(packages)
  .filter(([, { hasInstallScript }]) => hasInstallScript === true)
  .map(([path, { dev }]) => [path.replace(/^.*node_modules\//, ''), dev === true ? 'development' : 'production']);

/** Packages that have an install script, and why they work without it. */
const withoutTheirScript: Readonly<Record<string, { readonly use: string; readonly why: string }>> = {
  'classic-level': { use: 'production', why: 'builds itself where no binary of the platform is in the package' },
  protobufjs: { use: 'production', why: 'prints a warning about version ranges' },
  '@bufbuild/buf': { use: 'development', why: 'checks that the binary of the platform was installed beside it' },
  '@parcel/watcher': { use: 'development', why: 'builds itself where no binary of the platform is; not called' },
  esbuild: { use: 'development', why: 'makes its start faster' },
  'msgpackr-extract': { use: 'development', why: 'optional speed of a benchmark peer' },
  'unrs-resolver': { use: 'development', why: 'fetches a binary where npm left it out' },
};

describe('what is installed', () => {
  test('runs no script of a package: .npmrc forbids it, and make test has passed without', () => {
    expect(text('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  });

  test('has no install script beyond those that are known not to be needed', () => {
    const unknown = scripted.filter(([name, use]) => withoutTheirScript[name]?.use !== use);
    expect(unknown).toEqual([]);
  });

  test('is what the lock file says, by a digest, from whatever registry npm is told', () => {
    const found = Object.entries(packages).filter(([path]) => path !== '');
    expect(found.length).toBeGreaterThan(100);
    for (const [path, { integrity, resolved }] of found)
      expect([path, integrity?.startsWith('sha512-'), resolved]).toEqual([path, true, undefined]);
  });
});

describe('the image', () => {
  test('does not run as root', () => {
    const last =
      text('Dockerfile')
        .split(/^FROM /m)
        .pop() ?? '';
    expect(last.match(/^USER (.*)$/gm)).toEqual(['USER node']);
    expect(last.indexOf('USER')).toBeLessThan(last.indexOf('ENTRYPOINT'));
  });

  test('is root only in the services that attach XDP programs', () => {
    const services = text('compose.yaml').split(/^ {2}(?=[\w-]+:$)/m);
    const root = services.filter((service) => /^ +user: root$/m.test(service));
    expect(root.map((service) => service.split(':')[0]).sort()).toEqual(['a-s', 'b-lb']);
    for (const service of root) expect(service).toMatch(/xdp/);
  });
});
