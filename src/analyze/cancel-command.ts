import type { Command } from 'commander';
import type { Analysis, CancelAnalysisResponse } from '../gen/trireme/v1/capture.js';
import { toCanonicalJson } from '../pcap/report-json.js';
import { analysisJson, stateOf } from './analyses-text.js';
import { askMaster, masterCommand, type MasterCommandOptions } from './master-command.js';
import { writeOut } from './standard-output.js';

/** `trireme cancel` */
export function buildCommand(): Command {
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
