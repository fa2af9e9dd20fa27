import type { Command } from 'commander';
import type { Analysis, CancelAnalysisResponse, ListAnalysesResponse } from '../gen/trireme/v1/capture.js';
import { toCanonicalJson } from '../pcap/rows/json-pieces.js';
import { analysesTable, analysisJson, stateOf } from './analyses-text.js';
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

/** `trireme cancel` */
export function buildCancelCommand(): Command {
  const description = 'End an analysis. One that has ended stays as it is, which is an error (exit code 1).';
  return masterCommand('cancel', description)
    .argument('<id>', `its id, as 'trireme analyses' tells`)
    .action(async (id: string, options: MasterCommandOptions) => {
      const { analysis } = await askMaster<CancelAnalysisResponse>(options, (client, deadline, answer) =>
        client.cancelAnalysis({ id }, deadline as never, answer),
      );
      const now = analysis as Analysis;
      if (options.json === true) await writeOut([toCanonicalJson(analysisJson(now))]);
      if (stateOf(now) !== 'cancelled') {
        process.stderr.write(`trireme: analysis ${id} had ended before: ${stateOf(now)}\n`);
        process.exitCode = 1;
      } else if (options.json !== true) await writeOut([`${id} cancelled\n`]);
    });
}
