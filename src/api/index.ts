// What `require('trireme')` and `import 'trireme'` give. docs/API.md is made from this folder.
export { analyzeFile, analyzeStream, type CaptureAnalysis } from './analyze.js';
export type { AnalyzeOptions, ConnectionEnds } from './options.js';
export { toCanonicalJson } from '../pcap/rows/json-pieces.js';
export { TriremeError, type ErrorCode, type ErrorFacts } from '../common/errors.js';
export { version } from '../common/version.js';
export type {
  CaptureFacts,
  ConnectionFacts,
  ConversationRow,
  ConversationTimes,
  ConversationsLimit,
  EndpointsLimit,
  EndpointRow,
  PacketCounts,
  ProtocolRow,
  SeriesRow,
  SizeRow,
  TimeSeries,
  TunnelRow,
} from '../pcap/report-types.js';
export type { TunnelType } from '../pcap/tunnel-types.js';
export type { Rows } from '../pcap/rows/packed-rows.js';
export type { Count, SortOrder } from '../pcap/types.js';
export type { Compression } from '../captures/packed/compression.js';
