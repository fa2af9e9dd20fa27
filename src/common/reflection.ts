import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { Server, ServerDuplexStream, ServiceDefinition } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { TriremeError } from './errors.js';
import { projectRoot } from './version.js';

/** Written by the build from proto/ and the health service's file. */
const descriptorsPath = join(projectRoot, 'dist', 'proto.binpb.gz');

/**
 * Adds reflection (v1 and v1alpha) that shows these services. The descriptors are those that buf built: what
 * proto-loader makes of our files puts all of a package into one without its imports, and clients that link what they
 * are sent (buf curl) then find no service in it. They are read and linked when somebody asks first: that takes as long
 * as half of all else that a load balancer does to start.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  // The service reads nothing of a package definition but this list of files.
  const serve = (fileDescriptorProtos: Buffer[]): Map<string, Answers> => {
    const definition = { all: { fileDescriptorProtos } } as unknown as PackageDefinition;
    return servedBy(new ReflectionService(definition, { services: [...services] }));
  };
  let asked: Map<string, Answers> | null = null;
  for (const [path, { definition }] of serve([]))
    server.addService(definition, {
      [answersName]: (call: Call) => {
        asked ??= serve(readDescriptors());
        asked.get(path)!.implementation[answersName](call);
      },
    });
}

/** The one method of the service, as the package's handlers are called. */
const answersName = 'ServerReflectionInfo';

type Call = ServerDuplexStream<unknown, unknown>;

interface Answers {
  readonly definition: ServiceDefinition;
  readonly implementation: Readonly<Record<typeof answersName, (call: Call) => void>>;
}

/** What it adds to a server, by the path of its method: v1 and v1alpha. */
function servedBy(service: ReflectionService): Map<string, Answers> {
  const served = new Map<string, Answers>();
  const addService = (definition: ServiceDefinition, implementation: Answers['implementation']): void => {
    served.set(Object.values(definition)[0].path, { definition, implementation });
  };
  service.addToServer({ addService } as unknown as Server);
  return served;
}

/** The serialized FileDescriptorSet of our services, and those of health and channelz. @throws TriremeError INTERNAL */
export function readDescriptorSet(): Buffer {
  try {
    return gunzipSync(readFileSync(descriptorsPath));
  } catch (error) {
    throw new TriremeError('INTERNAL', `${descriptorsPath} is missing: build it with 'make build'`, { cause: error });
  }
}

/** The files of the set, each as it is: a set is nothing but field 1, again and again. */
function readDescriptors(): Buffer[] {
  const reader = new BinaryReader(readDescriptorSet());
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    reader.tag();
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
}
