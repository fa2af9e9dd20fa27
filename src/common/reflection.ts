import type { Server } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Message } from 'protobufjs';
import { FileDescriptorProto, FileDescriptorSet } from 'protobufjs/ext/descriptor';
import { TriremeError } from './errors.js';
import { projectRoot } from './version.js';

/** Written by the build from proto/ and the health service's file. */
const descriptorsPath = join(projectRoot, 'dist', 'proto.binpb.gz');

/**
 * Adds reflection (v1 and v1alpha) that shows these services. The descriptors are those that buf built: what
 * proto-loader makes of our files puts all of a package into one without its imports, and clients that link what they
 * are sent (buf curl) then find no service in it.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  // The service reads nothing of a package definition but this list of files.
  const definition = { all: { fileDescriptorProtos: readDescriptors() } } as unknown as PackageDefinition;
  new ReflectionService(definition, { services: [...services] }).addToServer(server);
}

/** The serialized FileDescriptorSet of our services, and those of health and channelz. @throws TriremeError INTERNAL */
export function readDescriptorSet(): Buffer {
  try {
    return gunzipSync(readFileSync(descriptorsPath));
  } catch (error) {
    throw new TriremeError('INTERNAL', `${descriptorsPath} is missing: build it with 'make build'`, { cause: error });
  }
}

function readDescriptors(): Buffer[] {
  const { file } = FileDescriptorSet.decode(readDescriptorSet()) as unknown as { file: Message[] };
  return file.map((each) => Buffer.from(FileDescriptorProto.encode(each).finish()));
}
