import { Command, Option } from 'commander';
import { decimal } from '../common/options.js';
import { hubOptionsDefault, type HubOptions } from './options.js';

/** What commander hands over of the options below. */
export interface HubCommandOptions {
  readonly hedgeShare: number;
}

/** Adds the options that every role with a hub has. */
export function addHubOptions(command: Command): Command {
  return command.addOption(
    new Option('--hedge-share <share>', 'work that may be done twice for jobs that take too long; 0 is none')
      .argParser(decimal(0, 1))
      .default(hubOptionsDefault.hedgeShare),
  );
}

export function compileHubOptions({ hedgeShare }: HubCommandOptions): Partial<HubOptions> {
  return { hedgeShare };
}
