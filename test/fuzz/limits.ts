/** Bounds that an input must keep, and bounds of the fuzzer itself. */

/** Processor seconds (not wall time: a machine under load is no hang) that one input may take. */
export const inputCpuSecondsMax = 1;

/** Memory of the process that runs a target, at its peak. Node and the compiled engine take about 150 MiB of it. */
export const residentBytesMax = 768 * 1024 * 1024;

/** How often the watchdog looks. */
export const watchIntervalMs = 200;

/** Longest input that the watchdog keeps a copy of. */
export const watchedBytesMax = 64 * 1024;

/** Wall time for a failing input to be made smaller, for its recipe and for its bytes each. */
export const shrinkMsMax = 20_000;
