/**
 * Makes captures in memory, in every form that is read: for tests, so that they mean something on a machine without
 * any capture. Nothing is random here; see arbitraries.ts for random ones.
 */
export * from './capture-builder/bytes.js';
export * from './capture-builder/classic-capture.js';
export * from './capture-builder/frames.js';
export * from './capture-builder/lz4.js';
export * from './capture-builder/packets.js';
export * from './capture-builder/pcapng-capture.js';
export * from './capture-builder/wrappers.js';
export * as adversarial from './capture-builder/adversarial.js';
export * as arbitrary from './capture-builder/arbitraries.js';
export { pcapng as arbitraryPcapng } from './capture-builder/arbitrary-pcapng.js';
