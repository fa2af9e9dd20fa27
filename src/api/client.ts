// What `require('trireme/client')` and `import 'trireme/client'` give.
export {
  JobClient,
  type JobClientOptions,
  type JobOptions,
  type JobResult,
  type TaggedJobResult,
} from './job-client.js';
export { runTcpJobs, type TcpJobOptions } from './tcp-jobs.js';
export { JobKind } from '../gen/trireme/v1/job.js';
export type { Credentials } from './credentials.js';
export { TriremeError, type ErrorCode, type ErrorFacts } from '../common/errors.js';
