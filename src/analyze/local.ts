import { runRole } from '../common/run-role.js';
import { buildCommand } from './command.js';

// Entry of the packed analysis: what main.ts does for `analyze`, and nothing of the other roles.

/** Resolves when the command is done. */
export const done = runRole('analyze', buildCommand, process.argv.slice(3));
