import type { TrustRole } from './roles.js';

/** Who may call a method: everybody, whoever has a credential, or those with one of these roles. */
export type MethodAccess = 'everybody' | 'any-credential' | readonly TrustRole[];

const client: MethodAccess = ['client'];
const worker: MethodAccess = ['worker'];
const operator: MethodAccess = ['operator'];
/** Of analyses a client has his own; an operator has all: src/master/ownership.ts. */
const analyses: MethodAccess = ['client', 'operator'];

const methods: Readonly<Record<string, MethodAccess>> = {
  '/trireme.v1.JobService/RunJob': client,
  '/trireme.v1.JobService/RunJobs': client,
  '/trireme.v1.CaptureService/Analyze': client,
  '/trireme.v1.CaptureService/Extract': client,
  '/trireme.v1.CaptureService/Upload': client,
  '/trireme.v1.CaptureService/ResumeAnalysis': analyses,
  '/trireme.v1.CaptureService/ListAnalyses': analyses,
  '/trireme.v1.CaptureService/GetAnalysis': analyses,
  '/trireme.v1.CaptureService/CancelAnalysis': analyses,
  '/trireme.v1.WorkerHub/Attach': worker,
  '/trireme.v1.ChunkSource/ReadRange': worker,
  '/trireme.v1.ClusterService/ListWorkers': operator,
  '/trireme.v1.ClusterService/WatchWorkers': operator,
  '/trireme.v1.ClusterService/ExplainJob': operator,
  '/trireme.v1.ClusterService/ListPicks': operator,
  '/trireme.v1.ClusterService/ListShares': operator,
  '/trireme.v1.ClusterService/ListKinds': ['client', 'operator'],
  // Probes have no credentials, and health says nothing but whether work can be done.
  '/grpc.health.v1.Health/Check': 'everybody',
  '/grpc.health.v1.Health/Watch': 'everybody',
  // The interface is public: it is in the repository.
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'any-credential',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'any-credential',
};

/** The one table of who may call what. A method that is not in it, such as those of channelz, is the operator's. */
export function methodAccess(path: string): MethodAccess {
  return Object.hasOwn(methods, path) ? methods[path] : operator;
}

/** Paths that the table names. */
export const namedMethods: readonly string[] = Object.keys(methods);

/** Who may use the other ports: jobs over TCP, and all of the admin port but its probes. */
export const tcpAccess: readonly TrustRole[] = ['client'];
export const adminAccess: readonly TrustRole[] = ['operator'];
