import { Command } from 'commander';

export function buildCommand(): Command {
  return new Command().description('count and summarise packet captures');
}
