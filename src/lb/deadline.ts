import type { Deadline } from '@grpc/grpc-js';

/**
 * Seconds until a gRPC deadline, as the hub takes them.
 * @returns 0 when there is no deadline; negative when it has passed
 */
export function secondsLeft(deadline: Deadline, nowMs: number): number {
  const endMs = deadline instanceof Date ? deadline.getTime() : deadline;
  if (endMs === Infinity) return 0;
  const left = (endMs - nowMs) / 1000;
  return left > 0 ? left : -1;
}
