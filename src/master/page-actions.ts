import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename } from 'node:path';
import type { ActionRequest, AdminActions } from '../common/admin-server.js';
import { TriremeError } from '../common/errors.js';
import { drains, ownHeaders, sendJson } from '../common/http/answers.js';
import type { Logger } from '../common/logging.js';
import { atMost } from '../common/stuck-work.js';
import type { AnalysisRecord, Ledger } from '../ledger/types.js';
import { reportForms, type ReportForm } from '../pcap/asked-report.js';
import type { Analyses } from './analyses.js';
import type { CaptureService } from './capture-service.js';
import { pageFields, pageRequest } from './page-request.js';
import type { ReportCalls } from './report-calls.js';
import type { Spool } from './spool.js';
import { receiveBody } from './upload.js';

/**
 * Bytes of a request for an analysis, and milliseconds for them to come: a path has 4 KiB, an expression some hundred.
 */
export const askedBytesMax = 64 * 1024;
const askedMs = 5_000;
/** A reader that takes nothing of a report for so long is cut off, as on the other ports. */
const readerTimeoutMs = 30_000;
/** Characters of the name of a report's file, without its ending: some systems take 100. */
const fileNameLengthMax = 80;

/** HTTP status by the name of a gRPC status, as Connect has them. Others: 500. */
const statuses: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  DEADLINE_EXCEEDED: 408,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  UNAVAILABLE: 503,
};

const types: Readonly<Record<ReportForm, string>> = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

/** A report draws itself by a script of its own, and may do nothing else in the name of this port. */
const reportPolicy = "sandbox allow-scripts; frame-ancestors 'self'";

export interface PageActionsSetup {
  readonly service: CaptureService;
  readonly analyses: Analyses;
  readonly ledger: Ledger;
  readonly spool: Spool;
  readonly reports: ReportCalls;
  /** Wait for a first worker of an analysis that nobody waits for. */
  readonly keepMs: number;
  readonly readOnly: boolean;
  readonly log: Logger;
}

/**
 * What the page of a master may ask: to take a capture, to analyse one, to end an analysis, and reports of
 * those that have ended.
 */
export class PageActions implements AdminActions {
  readonly readOnly: boolean;

  constructor(private readonly setup: PageActionsSetup) {
    this.readOnly = setup.readOnly;
  }

  take(asked: ActionRequest): boolean {
    const work = this.workOf(asked);
    if (work === null) return false;
    const { response, path } = asked;
    work.catch((error: unknown) => {
      const { code, message, kind } = TriremeError.from(error);
      this.setup.log.warn({ asked: path, code, error: message }, 'caller of the page told of an error');
      if (response.headersSent) response.destroy();
      else sendJson(response, statuses[kind.grpc] ?? 500, { code, message });
    });
    return true;
  }

  private workOf(asked: ActionRequest): Promise<void> | null {
    const { path, request } = asked;
    const [, id, rest = ''] = /^\/api\/analyses\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (request.method === 'POST') {
      if (path === '/api/captures') return this.receive(asked);
      if (path === '/api/analyses') return this.analyse(asked);
      return rest === 'cancel' ? this.cancel(asked, id) : null;
    }
    if (request.method !== 'GET' || id === undefined) return null;
    if (rest === '') return this.tell(asked, id);
    if (rest === 'report') return this.report(asked, id, 'html', false);
    const form = reportForms.find((each) => rest === `report.${each}`);
    return form === undefined ? null : this.report(asked, id, form, true);
  }

  /** POST /api/captures?name=FILE: the body is a capture, and is analysed. */
  private async receive({ request, response, query, caller, boundElsewhere }: ActionRequest): Promise<void> {
    const { service, spool, keepMs } = this.setup;
    checkType(request, 'application/octet-stream');
    const fields = pageFields(query);
    if (fields.has('path')) throw usage('path names a capture that the master sees: ask for it at /api/analyses');
    // What is asked is looked at before a byte is taken.
    const asked = pageRequest(fields, fields.get('name') ?? 'capture', keepMs);
    boundElsewhere();
    const { remoteAddress, remotePort } = request.socket;
    const record = await service.uploading(`${remoteAddress}:${remotePort}`, async () =>
      service.submit({ ...asked, path: await receiveBody(request, spool) }, caller),
    );
    this.answer(response, 201, record);
  }

  /** POST /api/analyses: JSON names a capture that this master may open. */
  private async analyse({ request, response, caller }: ActionRequest): Promise<void> {
    checkType(request, 'application/json');
    const fields = pageFields(Object.entries(await readAsked(request)));
    const record = await this.setup.service.submit(
      pageRequest(fields, fields.get('path') ?? '', this.setup.keepMs),
      caller,
    );
    this.answer(response, 201, record);
  }

  private async cancel({ response, caller }: ActionRequest, id: string): Promise<void> {
    const { service } = this.setup;
    await service.known(id, caller);
    this.answer(response, 200, await service.cancelled(id, caller));
  }

  private async tell({ response, caller }: ActionRequest, id: string): Promise<void> {
    this.answer(response, 200, await this.setup.service.known(id, caller));
  }

  private answer(response: ServerResponse, status: number, record: AnalysisRecord): void {
    sendJson(response, status, this.setup.analyses.picture(record));
  }

  /** @param saved it is to be a file; else the page shows it */
  private async report(
    { response, query, caller, boundElsewhere }: ActionRequest,
    id: string,
    form: ReportForm,
    saved: boolean,
  ): Promise<void> {
    const { service, ledger, reports } = this.setup;
    const record = await service.known(id, caller);
    const { request, state, error } = record;
    const result = state === 'done' ? await ledger.result(id) : null;
    if (result === null)
      throw new TriremeError(
        'NO_ANALYSIS',
        `analysis ${id} has no report: it is ${state}${error === null ? '' : ` (${error.code}: ${error.message})`}` +
          `${state === 'done' ? ', and its result is damaged or kept no longer' : ''}`,
      );
    const pieces = reports.report({
      ...{ file: request.name, sort: request.sort, scan: request.scan, result, form },
      table: query.get('table') ?? 'conversations',
      top: rowsOf(query.get('top')),
    });
    boundElsewhere();
    const name = `${safeName(request.name)}.${form}`;
    const drained = drains(response, readerTimeoutMs, () => undefined);
    for await (const piece of pieces) {
      // Headers go with the first piece: until then it may turn out that there is none.
      if (!response.headersSent)
        response.writeHead(200, {
          ...ownHeaders,
          'content-type': types[form],
          'content-security-policy': reportPolicy,
          ...(saved ? { 'content-disposition': `attachment; filename="${name}"` } : {}),
        });
      if (response.destroyed) return;
      if (!response.write(piece)) await drained();
    }
    response.end();
  }
}

/** The name of a file that every system takes, of whatever a capture was called. */
export function safeName(capture: string): string {
  const name = basename(capture).replace(/[^A-Za-z0-9._-]+/g, '_');
  return name.replace(/^[._]+/, '').slice(0, fileNameLengthMax) || 'report';
}

function rowsOf(text: string | null): number | null {
  if (text === null) return null;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usage(`top '${text}' is not a whole number from 1 on: leave it out for every row`);
}

function checkType(request: IncomingMessage, wanted: string): void {
  const type = request.headers['content-type'] ?? '';
  if (type.split(';', 1)[0].trim().toLowerCase() !== wanted)
    throw usage(`the content-type is ${JSON.stringify(type.slice(0, 100))}: send ${wanted}`);
}

/** The body of a small request: an object in JSON. @throws TriremeError USAGE, DEADLINE_PASSED */
export async function readAsked(request: IncomingMessage, withinMs = askedMs): Promise<object> {
  const read = async (): Promise<object> => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > askedBytesMax)
        throw new TriremeError('USAGE', `the request has over ${askedBytesMax} bytes (askedBytesMax): say less`, {
          facts: { value: bytes, bound: askedBytesMax, boundName: 'askedBytesMax' },
        });
      pieces.push(piece);
    }
    try {
      const value: unknown = JSON.parse(Buffer.concat(pieces).toString());
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    } catch {
      // Told below.
    }
    throw usage('the body is no object in JSON, such as {"path":"day.pcap"}');
  };
  const asked = await atMost(withinMs, read());
  if (asked === null)
    throw new TriremeError('DEADLINE_PASSED', `the request did not come within ${withinMs / 1000} s: send it faster`, {
      facts: { bound: withinMs, boundName: 'askedMs' },
    });
  return asked;
}

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);
