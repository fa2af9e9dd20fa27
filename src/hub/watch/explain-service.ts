import type * as grpc from '@grpc/grpc-js';
import { TriremeError } from '../../common/errors.js';
import { toStatus } from '../../common/grpc-status.js';
import type {
  ClusterServiceServer,
  ExplainJobRequest,
  ExplainJobResponse,
  ListPicksRequest,
  ListPicksResponse,
  Pick as PickMessage,
} from '../../gen/trireme/v1/worker.js';
import { picksKept, type PickLog } from '../explain/pick-log.js';
import type { PickView } from '../explain/types.js';

/** Picks in a list whose caller does not say how many: what fits a screen. */
const listLimitDefault = 20;

export type ExplainMethods = Pick<ClusterServiceServer, 'explainJob' | 'listPicks'>;

/** The methods of ClusterService that tell why jobs went where they went. */
export function explainMethods(
  picks: PickLog,
  kindName: (kind: number) => string,
  unitOf: (kind: number) => string,
): ExplainMethods {
  return {
    explainJob: (
      call: grpc.ServerUnaryCall<ExplainJobRequest, ExplainJobResponse>,
      answer: grpc.sendUnaryData<ExplainJobResponse>,
    ): void => {
      // What is no id of a job finds none.
      const jobId = Number(call.request.jobId);
      const found = picks.ofJob(jobId, kindName);
      if (found.length > 0) return answer(null, { picks: found.map((pick) => pickMessage(pick, unitOf)) });
      answer(
        toStatus(
          new TriremeError(
            'NO_SUCH_PICK',
            `no pick of job ${jobId} is kept: of all jobs a sample is, of RunJob every one, and of these the last ${picksKept}`,
            { facts: { value: jobId, bound: picksKept, boundName: 'picksKept' } },
          ),
        ),
      );
    },
    listPicks: (
      call: grpc.ServerUnaryCall<ListPicksRequest, ListPicksResponse>,
      answer: grpc.sendUnaryData<ListPicksResponse>,
    ): void => {
      const limit = Math.min(call.request.limit || listLimitDefault, picksKept);
      answer(null, { picks: picks.latest(limit, kindName).map((pick) => pickMessage(pick, unitOf)) });
    },
  };
}

function pickMessage({ kindNumber, ...pick }: PickView, unitOf: (kind: number) => string): PickMessage {
  return {
    ...pick,
    unit: unitOf(kindNumber),
    time: new Date(pick.atMs).toISOString(),
    actualSeconds: pick.actualSeconds ?? undefined,
    errorSeconds: pick.errorSeconds ?? undefined,
    execSeconds: pick.execSeconds ?? undefined,
    candidates: [...pick.candidates],
  };
}
