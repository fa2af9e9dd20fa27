import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TriremeError } from '../common/errors.js';
import { findAnchor, type Anchor } from './anchor.js';
import type { ProgramName } from './programs.js';
import { runTool } from './tools.js';

const folderOfAll = '/run/trireme/xdp';

/** The record follows the folder at once; a folder that has none for so long was left by a killed run. */
const unrecordedMsMax = 2000;

/** Where an interface is: its namespace and its name there. */
export interface Place {
  readonly netns: number;
  readonly ifindex: number;
  readonly ifname: string;
}

/** What one attachment did, written down before each step so that any moment can be undone. */
export interface Attachment extends Place {
  readonly program: ProgramName;
  readonly mode: 'native' | 'generic';
  readonly port?: number;
  /** Bytes of the config map as last written, in hex. */
  readonly config?: string;
  /** The veth peer that got the pass stub from us. */
  readonly stub?: Place;
  /** Process that attaches or detaches it; absent while it is simply attached. */
  readonly workingPid?: number;
}

/**
 * The folder of one attachment: its record, and a bpffs of its own with the pins of program and maps. A bpffs
 * of our own needs no mounted /sys/fs/bpf, meets no other run, and one unmount drops every pin. The name has
 * namespace and interface.
 */
export class AttachmentFolder {
  readonly path: string;
  readonly mountPoint: string;

  private constructor(
    readonly name: string,
    readonly anchor: Anchor,
  ) {
    this.path = join(anchor.root, folderOfAll, name);
    // As the anchor's own namespace names it, for mount and umount.
    this.mountPoint = join(folderOfAll, name, 'bpf');
  }

  static of({ netns, ifname }: Pick<Place, 'netns' | 'ifname'>, anchor = findAnchor()): AttachmentFolder {
    return new AttachmentFolder(`${netns}-${ifname}`, anchor);
  }

  static list(anchor = findAnchor()): AttachmentFolder[] {
    try {
      return readdirSync(join(anchor.root, folderOfAll)).map((name) => new AttachmentFolder(name, anchor));
    } catch {
      return [];
    }
  }

  /** Path of a pin, good for bpftool from our own mount namespace. */
  pin(...names: string[]): string {
    return join(this.path, 'bpf', ...names);
  }

  /** Makes the folder; fails when somebody else has it. */
  create(first: Attachment): void {
    try {
      this.makeFolder();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new TriremeError(
        'JOB_FAILED',
        `another attach or detach is at work on ${first.ifname}: wait for it, or run trireme xdp detach --iface ${first.ifname}`,
        { cause: error },
      );
    }
    this.write(first);
    mkdirSync(join(this.path, 'bpf'));
  }

  private makeFolder(): void {
    for (let tries = 1; ; tries++) {
      mkdirSync(join(this.anchor.root, folderOfAll), { recursive: true, mode: 0o700 });
      try {
        return mkdirSync(this.path, { mode: 0o700 });
      } catch (error) {
        // Another run may have removed the folder of all, empty as it was, between our two steps.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 10) throw error;
      }
    }
  }

  write(attachment: Attachment): void {
    // Renamed into place: a reader sees the old record or the new one, never half of it.
    writeFileSync(`${this.path}/record.tmp`, JSON.stringify(attachment));
    renameSync(`${this.path}/record.tmp`, `${this.path}/record.json`);
  }

  /** The record, or nothing when the folder is gone or was left before its first record. */
  read(): Attachment | undefined {
    try {
      return JSON.parse(readFileSync(`${this.path}/record.json`, 'utf8')) as Attachment;
    } catch {
      return undefined;
    }
  }

  /** True for a folder without a record that nobody is just making: its maker or its remover was killed. */
  isAbandoned(): boolean {
    try {
      return this.read() === undefined && Date.now() - statSync(this.path).mtimeMs > unrecordedMsMax;
    } catch {
      return false;
    }
  }

  /**
   * Removes the folder once its bpffs is unmounted, and the folder of all when it was the last. From inside
   * the anchor's namespace: our own may hold a copy of the mount, and then the kernel would not let us remove
   * its folder.
   */
  async remove(): Promise<void> {
    const path = join(folderOfAll, this.name);
    await runTool([...this.anchor.enter, 'rm', '-rf', '--one-file-system', path]);
    await runTool([...this.anchor.enter, 'rmdir', folderOfAll, join(folderOfAll, '..')]);
  }
}
