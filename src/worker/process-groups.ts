import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriremeError } from '../common/errors.js';
import { groupFile, killGraceMs, signalled } from '../kinds/commands/child.js';

/** Between the starts of guards, should somebody end them. */
const guardAgainMs = 1_000;

/**
 * Reads `+ GROUP` and `- GROUP`. At the end of its input, which comes when the worker ends, in whatever way,
 * it ends the groups that are left, SIGTERM first, and removes the folder. No signal for the worker ends it.
 * Those in files the worker may not have told, and a process that has just begun has no group yet.
 */
const guardScript = `trap '' HUP INT TERM
groups=' '
while read -r what group; do
  case $what in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for file in "$1"/*/${groupFile}; do group= && read -r group <"$file" && groups="$groups$group "; done 2>/dev/null
signal() { found=; for group in $groups; do { kill "-$1" "-$group" || kill "-$1" "$group"; } && found=1; done 2>/dev/null; }
signal TERM
looks=$2
while [ -n "$found" ] && [ "$looks" -gt 0 ]; do sleep 0.1; looks=$((looks - 1)); signal 0; done
signal KILL
rm -rf -- "$1"`;

/**
 * The groups of processes that the threads of this worker have, and a guard that ends them if it cannot do so itself.
 */
export class ProcessGroups<Thread> {
  /** For payloads that are files. */
  readonly scratch: string;
  private readonly byThread = new Map<Thread, Set<number>>();
  private guard: ChildProcess;
  private closed = false;
  private readonly timers = new Set<NodeJS.Timeout>();

  /** @throws TriremeError TOOL_MISSING or FILE_UNWRITABLE */
  private constructor() {
    try {
      this.scratch = mkdtempSync(join(tmpdir(), 'trireme-worker-'));
    } catch (error) {
      throw new TriremeError('FILE_UNWRITABLE', `no folder for payloads: ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.guard = this.startGuard();
  }

  /** Resolves when the guard runs. */
  static async open<Thread>(): Promise<ProcessGroups<Thread>> {
    const groups = new ProcessGroups<Thread>();
    await new Promise<void>((resolve, reject) => {
      groups.guard.once('spawn', resolve);
      groups.guard.once('error', (error) => {
        reject(new TriremeError('TOOL_MISSING', `kinds in processes need /bin/sh: ${error.message}`, { cause: error }));
      });
    });
    return groups;
  }

  /** A thread has started a group, or one is gone. */
  told(thread: Thread, group: number, began: boolean): void {
    const own = this.byThread.get(thread) ?? new Set();
    if (began) own.add(group);
    else own.delete(group);
    if (own.size > 0) this.byThread.set(thread, own);
    else this.byThread.delete(thread);
    this.guard.stdin?.write(`${began ? '+' : '-'} ${group}\n`);
  }

  /** The thread is dead: its groups are ended. */
  orphaned(thread: Thread): void {
    const groups = [...(this.byThread.get(thread) ?? [])].filter((group) => signalled(group, 'SIGTERM'));
    if (groups.length === 0) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      for (const group of groups) {
        signalled(group, 'SIGKILL');
        this.told(thread, group, false);
      }
    }, killGraceMs);
    this.timers.add(timer);
  }

  /** Ends all groups that are left; the guard waits for them, and removes the folder. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const groups of this.byThread.values()) for (const group of groups) signalled(group, 'SIGTERM');
    this.guard.stdin?.end();
  }

  private startGuard(): ChildProcess {
    const looks = String(killGraceMs / 100);
    const guard = spawn('/bin/sh', ['-c', guardScript, 'trireme-guard', this.scratch, looks], {
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    guard.stdin?.on('error', () => undefined);
    // Neither keeps the worker from ending.
    (guard.stdin as Socket).unref();
    guard.unref();
    guard.once('exit', () => {
      if (this.closed) return;
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        this.guard = this.startGuard();
        for (const [thread, groups] of this.byThread) for (const group of groups) this.told(thread, group, true);
      }, guardAgainMs);
      this.timers.add(timer);
    });
    return guard;
  }
}
