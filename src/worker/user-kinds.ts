import type * as CommandFile from '../kinds/commands/command-file.js';
import type * as CommandKind from '../kinds/commands/command-kind.js';
import { addFolderKinds } from '../kinds/folder-kinds.js';
import type { KindRegistry } from '../kinds/registry.js';
import type * as Groups from './process-groups.js';
import type { ThreadKinds } from './threads/messages.js';
import type { JobThreadsOptions } from './threads/types.js';

/** What users have added to the kinds of this build, for the threads. */
export interface UserKinds<Thread> {
  readonly kinds: ThreadKinds;
  /** Null: no kind has processes. */
  readonly groups: Groups.ProcessGroups<Thread> | null;
}

/**
 * Registers the kinds of folders and of files of commands, with what this process needs to know of them.
 * @throws TriremeError USAGE or FILE_UNREADABLE with what is wrong, and where
 */
export async function addUserKinds<Thread>(
  registry: KindRegistry,
  { kindsFolder = '', userFolders = [], commandFiles = [] }: JobThreadsOptions,
): Promise<UserKinds<Thread>> {
  await addFolderKinds(registry, userFolders);
  let commands: readonly CommandKind.CommandEntry[] = [];
  // Loaded only where they are used, here and below: most workers have no processes.
  if (commandFiles.length > 0) {
    const { readCommands } = require('../kinds/commands/command-file.js') as typeof CommandFile;
    const { addCommands } = require('../kinds/commands/command-kind.js') as typeof CommandKind;
    commands = readCommands(commandFiles);
    addCommands(registry, commands, null);
  }
  const processes = registry.all().some((kind) => kind.processes === true);
  if (!processes) return { kinds: { kindsFolder, userFolders, commands, scratch: '' }, groups: null };
  const { ProcessGroups } = require('./process-groups.js') as typeof Groups;
  const groups = await ProcessGroups.open<Thread>();
  return { kinds: { kindsFolder, userFolders, commands, scratch: groups.scratch }, groups };
}
