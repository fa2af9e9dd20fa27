import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../common/version.js';

/** Folder of the .proto files: what protoc is told by `-I`, and the proto-loader of gRPC by `includeDirs`. */
export const protoFolder: string = join(projectRoot, 'proto');

/** The files below it, such as `trireme/v1/job.proto`: the same words serve as names in `import` statements. */
export const protoFiles: readonly string[] = Object.freeze(
  readdirSync(join(protoFolder, 'trireme', 'v1'))
    .filter((name) => name.endsWith('.proto'))
    .sort()
    .map((name) => `trireme/v1/${name}`),
);
