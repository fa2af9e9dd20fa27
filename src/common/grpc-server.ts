import * as grpc from '@grpc/grpc-js';
import type { Registry } from 'prom-client';
import { TriremeError } from './errors.js';
import { GrpcGuard } from './grpc-guard.js';
import { grpcGuardLimitsDefault, type GrpcGuardLimits } from './grpc-guard-limits.js';
import { clampTimeouts } from './grpc-timeout.js';
import { Health } from './health.js';
import { callsPerConnectionMax, messageBytesMax, receivedMessageBytesMax } from './limits.js';
import type { Logger } from './logging.js';
import { formatHostPort, type HostPort } from './options.js';
import { ReceiveBudget, receiveLimitsDefault, type ReceiveLimits } from './receive-budget.js';
import { pulled, ReceiveGate } from './receive-gate.js';
import { addReflection } from './reflection.js';
import { askedBy, callerInterceptors, serverCredentials, watchHandshakes } from './trust/grpc-listener.js';
import type { ListenerTrust } from './trust/listener-trust.js';

/**
 * A peer that vanished without closing its connection is noticed, and its streams are ended, within the sum of these.
 */
const keepaliveTimeMs = 20_000;
const keepaliveTimeoutMs = 10_000;

/** A connection without a call for this long is closed, as on the TCP port; its client dials again when it has one. */
const connectionIdleMs = 300_000;

/** A service as ts-proto generates it, with its implementation. */
export interface ServedService {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
  /** Its request messages are counted against a budget of their own, so that no other caller can keep them waiting. */
  readonly ownReceiveBudget?: boolean;
}

export interface GrpcServerOptions {
  readonly listen: HostPort;
  readonly services: readonly ServedService[];
  /** What is asked of callers; undefined: nothing. Health is open to all who may connect. */
  readonly trust?: ListenerTrust;
  readonly channelOptions?: grpc.ServerOptions;
  readonly log: Logger;
  /** Gets the counts of callers that were cut off. */
  readonly registry?: Registry;
  /** Bounds on connections and on callers that are too slow; default grpcGuardLimitsDefault. */
  readonly guard?: GrpcGuardLimits;
  /** Bounds on messages that are being received; default receiveLimitsDefault. */
  readonly receive?: ReceiveLimits;
}

export interface RunningGrpcServer {
  /** What it serves to clients, health among it: for another port that takes the same calls. */
  readonly services: readonly ServedService[];
  /** Where it listens; the port is the real one when port 0 was asked for. */
  readonly address: HostPort;
  /** Says whether work can be done: '' and every service answer alike to grpc.health.v1.Health. */
  setServing(serving: boolean): void;
  /** Stops listening, lets calls end, and cuts what is left after graceMs. */
  close(graceMs: number): Promise<void>;
}

/** Starts a gRPC server with reflection (v1 and v1alpha), health and channelz beside the given services. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<RunningGrpcServer> {
  const receive = options.receive ?? receiveLimitsDefault;
  const shared = new ReceiveBudget(receive);
  const budgets = new Map<string, ReceiveBudget>();
  const gate = new ReceiveGate((path) => budgets.get(path) ?? shared, options.log);
  const { trust } = options;
  const oneMessage = new Set<string>();
  const asked = trust?.asks === true ? askedBy(trust) : null;
  const limits = options.guard ?? grpcGuardLimitsDefault;
  const guard = new GrpcGuard((path) => oneMessage.has(path), options.log, asked, limits);
  const server = new grpc.Server({
    'grpc.max_receive_message_length': receivedMessageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.keepalive_time_ms': keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    'grpc.max_connection_idle_ms': connectionIdleMs,
    'grpc.max_concurrent_streams': asked?.token === true ? limits.anonymousCallsAtOnceMax : callsPerConnectionMax,
    interceptors: [gate.interceptor, ...callerInterceptors(trust)],
    ...options.channelOptions,
  });
  guard.prepare(server);
  for (const method of Health.methods) oneMessage.add(method);
  const names: string[] = [''];
  for (const { definition, implementation, ownReceiveBudget } of options.services) {
    server.addService(definition, pulled(definition, implementation));
    const own = ownReceiveBudget === true ? new ReceiveBudget(receive) : shared;
    for (const method of Object.values(definition)) {
      if (!method.requestStream) oneMessage.add(method.path);
      budgets.set(method.path, own);
    }
    const path = Object.values(definition)[0]?.path;
    if (path !== undefined) names.push(path.split('/')[1]);
  }
  const health = new Health(names);
  server.addService(health.served.definition, health.served.implementation);
  grpc.addAdminServicesToServer(server);
  addReflection(server, [...names.filter((name) => name !== ''), 'grpc.health.v1.Health', 'grpc.channelz.v1.Channelz']);

  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(formatHostPort(options.listen), serverCredentials(trust), (error, bound) => {
      if (error === null) return resolve(bound);
      guard.close();
      reject(
        new TriremeError('UNREACHABLE', `cannot listen on ${formatHostPort(options.listen)}: ${bindWords(error)}`, {
          cause: error,
        }),
      );
    });
  });
  clampTimeouts(server);
  watchHandshakes(server, trust);
  guard.watch(server);
  // grpc-js listens for this until the port is bound; an 'error' that nobody hears would end the process.
  for (const each of (server['http2Servers'] as ReadonlyMap<NodeJS.EventEmitter, unknown>).keys())
    each.on('error', (error: Error) =>
      options.log.error({ error: error.message }, 'accepting gRPC connections failed'),
    );
  if (options.registry !== undefined) {
    guard.addMetrics(options.registry);
    gate.addMetrics(options.registry);
  }
  return {
    services: [...options.services, health.served],
    address: { host: options.listen.host, port },
    setServing: (serving) => health.setServing(serving),
    close: (graceMs) =>
      new Promise<void>((resolve) => {
        guard.close();
        const force = setTimeout(() => server.forceShutdown(), graceMs);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
}

/** Why a port could not be bound, without what grpc-js puts around the words of the system. */
function bindWords({ message }: Error): string {
  return /^No address added .*? errors: \[(.*)\]$/s.exec(message)?.[1] ?? message;
}
