import { exchangeJobs } from '../client/job-exchange.js';
import { parseJobs } from '../client/job-list.js';
import { TriremeError } from '../common/errors.js';
import { defaultPorts } from '../common/limits.js';
import { addressOf, trustOf, type Credentials } from './credentials.js';

/** Where TCP jobs go, and how long an answer may take. */
export interface TcpJobOptions extends Credentials {
  /** `HOST:PORT` of a load balancer's `--tcp`, `HOST` for its default port. Default `127.0.0.1:13337`. */
  readonly address?: string;
  /** Time without any answer after which it gives up, 1 to 86,400,000 ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** Hears each answer as it comes, in the order asked. */
  readonly onAnswer?: (answer: string) => void;
}

const timeoutMsDefault = 30_000;
const timeoutMsMax = 86_400_000;

/**
 * Sends job numbers over one TCP connection (lines framing) and resolves with an answer for each, in the
 * order asked. A job that failed is answered `ERROR` and the reason.
 *
 * Rejects with a {@link TriremeError}: UNREACHABLE, DEADLINE_PASSED, UNAUTHENTICATED, NOT_ALLOWED, or USAGE.
 */
export async function runTcpJobs(jobs: readonly number[], options: TcpJobOptions = {}): Promise<string[]> {
  const { address = '127.0.0.1', timeoutMs = timeoutMsDefault, onAnswer, ...credentials } = options;
  if (!(timeoutMs >= 1 && timeoutMs <= timeoutMsMax))
    throw new TriremeError('USAGE', `timeoutMs ${timeoutMs} is not from 1 to ${timeoutMsMax}`);
  if (jobs.length === 0) return [];
  const answers: string[] = [];
  await exchangeJobs({
    lb: addressOf(address, defaultPorts.tcp),
    trust: trustOf(credentials),
    jobs: parseJobs(jobs.join(','), 'jobs'),
    lines: true,
    timeoutMs,
    onAnswer: (answer) => {
      answers.push(answer);
      onAnswer?.(answer);
    },
  });
  return answers;
}
