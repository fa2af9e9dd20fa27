import type { Command } from 'commander';
import type { ListAnalysesResponse } from '../gen/trireme/v1/capture.js';
import { toCanonicalJson } from '../pcap/report-json.js';
import { analysesTable, analysisJson } from './analyses-text.js';
import { askMaster, masterCommand, type MasterCommandOptions } from './master-command.js';
import { writeOut } from './standard-output.js';

/** `trireme analyses` */
export function buildCommand(): Command {
  return masterCommand('analyses', 'List the analyses that a master knows, newest first.').action(
    async (options: MasterCommandOptions) => {
      const { analyses } = await askMaster<ListAnalysesResponse>(options, (client, deadline, answer) =>
        client.listAnalyses({}, deadline as never, answer),
      );
      if (options.json === true) {
        await writeOut([toCanonicalJson({ schemaVersion: 1, analyses: analyses.map(analysisJson) })]);
      } else if (analyses.length > 0) {
        await writeOut([`${analysesTable(analyses, Date.now(), process.stdout.isTTY === true)}\n`]);
      } else process.stderr.write('trireme: no analyses\n');
    },
  );
}
