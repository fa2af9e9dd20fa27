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
  const dockerfile = text('Dockerfile');
  const stages = dockerfile.split(/^FROM /m).slice(1);
  const stageOf = (name: string): string => stages.find((stage) => stage.split('\n')[0].endsWith(` AS ${name}`)) ?? '';

  test('is built of bases that are pinned by version and by digest, on a Node that is maintained', () => {
    const bases = new Map(
      [...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(.*)$/gm)].map(([, name, base]) => [`\${${name}}`, base]),
    );
    const own = stages.map((stage) => / AS (\w+)$/m.exec(stage.split('\n')[0])?.[1]);
    for (const stage of stages) {
      const [from] = stage.split(' ');
      if (!own.includes(from)) expect(bases.get(from)).toMatch(/^docker\.io\/library\/[\w.:-]+@sha256:[0-9a-f]{64}$/);
    }
    const node = Number(/node:(\d+)/.exec(bases.get('${NODE_IMAGE}') ?? '')?.[1]);
    // Even versions get long-term support.
    expect([node >= 24, node % 2]).toEqual([true, 0]);
    expect(text('scripts/image.sh')).toMatch(new RegExp(`^node=${node}$`, 'm'));
  });

  test('does not run as root, by whatever target it is built', () => {
    const app = stageOf('app');
    expect(app.match(/^USER (.*)$/gm)).toEqual(['USER node']);
    expect(app.indexOf('USER')).toBeLessThan(app.indexOf('ENTRYPOINT'));
    expect(
      stageOf('labs')
        .match(/^USER (.*)$/gm)
        ?.pop(),
    ).toBe('USER node');
    expect(stages.at(-1)).toMatch(/^app AS roles\s*$/);
  });

  test('says its version and license, as package.json has them', () => {
    const { version, license } = JSON.parse(text('package.json')) as { version: string; license: string };
    expect(dockerfile).toMatch(new RegExp(`^ARG VERSION=${version.replaceAll('.', '\\.')}$`, 'm'));
    expect(dockerfile).toContain(`org.opencontainers.image.licenses="${license}"`);
  });

  test('is root only in the services that attach XDP programs', () => {
    const services = text('compose.yaml').split(/^ {2}(?=[\w-]+:$)/m);
    const root = services.filter((service) => /^ +user: root$/m.test(service));
    expect(root.map((service) => service.split(':')[0]).sort()).toEqual(['a-s', 'b-lb']);
    for (const service of root) expect(service).toMatch(/xdp/);
  });
});
