import type { Command } from 'commander';
import type { Commands } from './common/config-settings.js';

interface RoleModule {
  buildCommand(): Command;
  /** Refuses what only several options together can get wrong, before anything is done. */
  checkOptions?(options: object): unknown;
}

/** One role: its one-line summary for `trireme --help`, and the module that builds its command. */
export interface Role {
  readonly summary: string;
  readonly load: () => RoleModule;
}

// A role's module is loaded only when it is asked for: analysing a small capture must not wait for gRPC to load,
// nor (as with import()) for the loader of ES modules to start.
export const roles: Readonly<Record<string, Role>> = {
  up: { summary: 'run everything on this machine until Ctrl-C', load: () => require('./up/command.js') as RoleModule },
  demo: { summary: 'show the main job end to end', load: () => require('./up/demo-command.js') as RoleModule },
  lb: {
    summary: 'balance jobs from TCP and gRPC clients among workers',
    load: () => require('./lb/command.js') as RoleModule,
  },
  master: {
    summary: 'analyse captures on the workers that dial in',
    load: () => {
      const { buildCommand, checkOptions } = require('./master/command.js') as typeof import('./master/command.js');
      // Reports are made by what writes those of the command line.
      return { buildCommand: () => buildCommand('analyze/report-thread.js'), checkOptions } as RoleModule;
    },
  },
  worker: {
    summary: 'run jobs for load balancers and masters',
    load: () => require('./worker/command.js') as RoleModule,
  },
  client: {
    summary: 'send jobs to a load balancer over TCP',
    load: () => require('./client/command.js') as RoleModule,
  },
  run: {
    summary: 'run jobs of a kind and print their answers',
    load: () => require('./client/run-command.js') as RoleModule,
  },
  'bench-jobs': {
    summary: 'put load on a load balancer and measure it',
    load: () => require('./client/bench-command.js') as RoleModule,
  },
  why: {
    summary: 'tell why a job went to the worker that it went to',
    load: () => require('./client/why-command.js') as RoleModule,
  },
  shares: {
    summary: 'tell what clients have of the workers of a load balancer',
    load: () => require('./client/shares-command.js') as RoleModule,
  },
  analyze: {
    summary: 'count and summarise packet captures',
    load: () => require('./analyze/command.js') as RoleModule,
  },
  extract: {
    summary: 'write the packets of a capture that match a filter',
    load: () => require('./analyze/extract-command.js') as RoleModule,
  },
  index: {
    summary: 'make an index beside a capture for later questions',
    load: () => require('./analyze/index-command.js') as RoleModule,
  },
  viewer: {
    summary: 'write a page that analyses captures in a browser, offline',
    load: () => require('./analyze/viewer/command.js') as RoleModule,
  },
  filter: {
    summary: 'explain a filter expression',
    load: () => require('./analyze/filter-command.js') as RoleModule,
  },
  top: {
    summary: 'watch the workers of a load balancer or a master in the terminal',
    load: () => require('./top/command.js') as RoleModule,
  },
  analyses: {
    summary: 'list the analyses that a master knows',
    load: () => require('./analyze/analyses-command.js') as RoleModule,
  },
  cancel: {
    summary: 'end an analysis of a master',
    load: () => ({
      buildCommand: (require('./analyze/analyses-command.js') as typeof import('./analyze/analyses-command.js'))
        .buildCancelCommand,
    }),
  },
  certs: {
    summary: 'make certificates for the roles, for labs',
    load: () => require('./certs/command.js') as RoleModule,
  },
  config: {
    summary: 'check a file of settings, and show what they come to',
    load: () => require('./config/command.js') as RoleModule,
  },
  completion: {
    summary: 'print the completion script of a shell',
    load: () => require('./shell/command.js') as RoleModule,
  },
  xdp: {
    summary: 'attach, inspect and detach the XDP programs of the labs',
    load: () => require('./udp/xdp-command.js') as RoleModule,
  },
  lab: {
    summary: 'play lab A or lab B in network namespaces of its own',
    load: () => require('./udp/lab-command.js') as RoleModule,
  },
  'udp-server': {
    summary: 'lab A: print the numbers that arrive by UDP',
    load: () => require('./udp/udp-server-command.js') as RoleModule,
  },
  'udp-client': {
    summary: 'lab A: send numbers by UDP',
    load: () => require('./udp/udp-client-command.js') as RoleModule,
  },
  'job-server': {
    summary: 'lab B: serve jobs that sleep',
    load: () => require('./udp/job-server-command.js') as RoleModule,
  },
  'job-client': {
    summary: 'lab B: send jobs that sleep',
    load: () => require('./udp/job-client-command.js') as RoleModule,
  },
};

/** The same for what is about any of them. */
export const commands: Commands = {
  names: Object.keys(roles),
  build: (name) => roles[name].load().buildCommand(),
  check: (name, options) => void roles[name].load().checkOptions?.(options),
};
