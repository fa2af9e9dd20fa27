import { forTerminal } from '../common/for-terminal.js';
import { Socket } from 'node:net';
import { Argument, Command, Option } from 'commander';
import { TriremeError } from '../common/errors.js';
import { Interruption } from './interruption.js';
import { labA } from './lab-a.js';
import { labB } from './lab-b.js';
import { Stage } from './lab-stage.js';
import { objectPath, programNames } from './programs.js';
import { isInside, runInside } from './sandbox.js';

const labs = { a: labA, b: labB } as const;

/** `trireme lab a|b`: a whole lab on one machine, in namespaces that end with it. */
export function buildCommand(): Command {
  return new Command('lab')
    .description('play lab A (parity filter) or lab B (job balancer) in network namespaces of its own (needs root)')
    .addArgument(new Argument('<lab>', 'which one').choices(['a', 'b']))
    .addOption(new Option('--mode <mode>', 'mode of the XDP program').choices(['native', 'generic']).default('native'))
    .action(play);
}

async function play(name: keyof typeof labs, { mode }: { mode: string }): Promise<void> {
  if (!isInside()) {
    for (const name of programNames) objectPath(name);
    process.exitCode = await runInside(['lab', name, '--mode', mode]);
    return;
  }
  const interruption = new Interruption();
  const stage = new Stage(interruption);
  // The outer process holds the other end: when it is gone, whatever ended it, so are we.
  const lifeline = new Socket({ fd: 3 });
  lifeline.on('error', () => undefined).on('close', () => process.kill(process.pid, 'SIGTERM'));
  lifeline.resume().unref();
  try {
    await labs[name](stage, mode);
  } catch (error) {
    if (!(error instanceof TriremeError && error.code === 'CANCELLED')) throw error;
    process.stderr.write(`trireme: ${forTerminal(error.message)}\n`);
    process.exitCode = error.kind.exitCode;
  } finally {
    await stage.stopAll();
    interruption.end();
  }
}
