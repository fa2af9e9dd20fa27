import { createFileRegistry, fromBinary, type DescService } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createClient, type Client } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { readDescriptorSet } from '../../src/common/reflection.js';

/** What a port of --http answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON; undefined: it is none. */
  readonly json: HttpError & Readonly<Record<string, unknown>>;
}

/** An error as Connect writes it. */
export interface HttpError {
  readonly code?: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string; readonly debug?: unknown }[];
}

/** Begins a request over a connection of its own; its body is the caller's to write. */
export function beginPost(port: number, path: string, headers: Record<string, string | number> = {}): ClientRequest {
  const asked = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false, headers });
  asked.on('error', () => undefined);
  return asked;
}

/** Waits for the whole answer to a request. */
export async function answerTo(asked: ClientRequest): Promise<HttpAnswer> {
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // It is another form.
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: json as HttpAnswer['json'] };
}

/** Sends JSON as curl would, and waits for the answer. */
export function post(
  port: number,
  path: string,
  body: unknown,
  headers: Record<string, string | number> = {},
): Promise<HttpAnswer> {
  const asked = beginPost(port, path, { 'content-type': 'application/json', ...headers });
  asked.end(typeof body === 'string' ? body : JSON.stringify(body));
  return answerTo(asked);
}

/** A service of ours by its name, as clients of Connect take it. */
export function serviceNamed(name: string): DescService {
  const service = createFileRegistry(fromBinary(FileDescriptorSetSchema, readDescriptorSet())).getService(name);
  if (service === undefined) throw new Error(`no service ${name}`);
  return service;
}

/** Protocols that clients of Connect speak to the port. */
export const protocols = ['Connect', 'Connect with JSON', 'gRPC-Web'] as const;

/** A client of @connectrpc/connect-node over HTTP/1.1. */
export function httpClient(port: number, service: string, protocol: (typeof protocols)[number]): Client<DescService> {
  const options = { baseUrl: `http://127.0.0.1:${port}`, httpVersion: '1.1' } as const;
  const transport =
    protocol === 'gRPC-Web'
      ? createGrpcWebTransport(options)
      : createConnectTransport({ ...options, useBinaryFormat: protocol === 'Connect' });
  return createClient(serviceNamed(service), transport);
}
