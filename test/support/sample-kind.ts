/** What a worker tells of a kind that it offers, but for what it has done of it. */
export const sampleKind = {
  kind: 1,
  name: 'GET_TIME',
  fixedSeconds: 0,
  secondsPerUnit: 1e-6,
  unit: 'jobs',
  version: '',
} as const;
