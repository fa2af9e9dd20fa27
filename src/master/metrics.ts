import { Counter, Gauge, type Registry } from 'prom-client';
import type { Analyses } from './analyses.js';
import type { Sources } from './sources.js';
import type { Spool } from './spool.js';

/** Adds a master's own metrics to a registry; values are read when scraped. */
export function addMasterMetrics(registry: Registry, analyses: Analyses, sources: Sources, spool: Spool): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `trireme_master_${name}`,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  gauge('analyses_running', 'Analyses that run now', () => analyses.analysesRunning);
  gauge('analyses_queued', 'Analyses that wait for a master', () => analyses.analysesQueued);
  gauge('spool_bytes', 'Bytes of uploads that are held', () => spool.bytesHeld);
  new Counter({
    name: 'trireme_master_analyses_total',
    help: 'Analyses that have ended, by outcome',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const outcome of ['done', 'failed', 'cancelled'] as const) this.inc({ outcome }, analyses.counts[outcome]);
    },
  });
  new Counter({
    name: 'trireme_master_chunks_total',
    help: 'Chunks that count towards a result: scanned by a worker, or taken over finished from the ledger',
    labelNames: ['from'],
    registers,
    collect() {
      this.reset();
      this.inc({ from: 'worker' }, analyses.chunks.scanned);
      this.inc({ from: 'ledger' }, analyses.chunks.resumed);
    },
  });
  new Counter({
    name: 'trireme_master_source_bytes_total',
    help: 'Bytes of captures sent to workers that cannot open them',
    registers,
    collect() {
      this.reset();
      this.inc(sources.bytesServed);
    },
  });
}
