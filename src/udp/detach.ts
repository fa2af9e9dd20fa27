import { readFileSync } from 'node:fs';
import { AttachmentFolder, type Attachment, type Place } from './attachment.js';
import { listLinks, xdpModeName } from './link.js';
import { enterNetns, findNetns } from './netns.js';
import { runTool, saidBy } from './tools.js';

/**
 * Takes our program from an interface. Another's program stays, and so does the peace when interface or
 * namespace are gone.
 */
async function takeOff(place: Place, programId: number | undefined): Promise<string | undefined> {
  const namespace = findNetns(place.netns);
  if (namespace === undefined || programId === undefined) return undefined;
  const enter = enterNetns(namespace);
  const links = await listLinks(enter).catch(() => []);
  const link = links.find(({ ifname, ifindex }) => ifname === place.ifname && ifindex === place.ifindex);
  if (link?.xdp?.prog?.id !== programId) return undefined;
  const type = xdpModeName(link.xdp.mode) === 'generic' ? 'xdpgeneric' : 'xdpdrv';
  const result = await runTool([...enter, 'bpftool', 'net', 'detach', type, 'dev', place.ifname]);
  return result.exitCode === 0 ? undefined : `detach from ${place.ifname}: ${saidBy(result)}`;
}

async function programId(pin: string): Promise<number | undefined> {
  const result = await runTool(['bpftool', '-j', 'prog', 'show', 'pinned', pin]);
  try {
    return (JSON.parse(result.stdout) as { id?: number }).id;
  } catch {
    return undefined;
  }
}

/**
 * Undoes an attachment, complete or not: programs off the interfaces, pins dropped, folder removed. Returns what could
 * not be undone.
 */
export async function undoAttachment(folder: AttachmentFolder, attachment: Attachment | undefined): Promise<string[]> {
  const failures: (string | undefined)[] = [];
  if (attachment !== undefined) {
    failures.push(await takeOff(attachment, await programId(folder.pin('program'))));
    if (attachment.stub !== undefined)
      failures.push(await takeOff(attachment.stub, await programId(folder.pin('stub'))));
  }
  if (isMounted(folder)) {
    const result = await runTool([...folder.anchor.enter, 'umount', folder.mountPoint]);
    if (result.exitCode !== 0) failures.push(`unmount ${folder.mountPoint}: ${saidBy(result)}`);
  }
  if (!isMounted(folder)) await folder.remove();
  return failures.filter((failure) => failure !== undefined);
}

function isMounted(folder: AttachmentFolder): boolean {
  const pid = /^\/proc\/(\d+)\/root$/.exec(folder.anchor.root)?.[1] ?? 'self';
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(` ${folder.mountPoint} `);
}

/**
 * Clears attachments that are no more: of killed runs, and those whose namespace, interface or program is gone. Returns
 * a line for each that had been whole.
 */
export async function dropStale(): Promise<string[]> {
  const cleared: string[] = [];
  for (const folder of AttachmentFolder.list()) {
    const attachment = folder.read();
    if (attachment === undefined) {
      if (folder.isAbandoned()) await undoAttachment(folder, undefined);
      continue;
    }
    const { workingPid, program, ifname } = attachment;
    if (workingPid !== undefined && isAlive(workingPid)) continue;
    const gone = workingPid === undefined ? await whatIsGone(folder, attachment) : 'its command';
    if (gone === undefined) continue;
    await undoAttachment(folder, attachment);
    if (workingPid === undefined) cleared.push(`${program} on ${ifname}: ${gone} is gone`);
  }
  return cleared;
}

/**
 * What an attachment has lost, or nothing. The kernel gives the number of a namespace that has ended to the
 * next one, whose interface may have the same name and index, so the program on the interface is compared
 * too.
 */
async function whatIsGone(folder: AttachmentFolder, attachment: Attachment): Promise<string | undefined> {
  const namespace = findNetns(attachment.netns);
  if (namespace === undefined) return 'its network namespace';
  const links = await listLinks(enterNetns(namespace)).catch(() => undefined);
  if (links === undefined) return undefined;
  const link = links.find(({ ifname, ifindex }) => ifname === attachment.ifname && ifindex === attachment.ifindex);
  if (link === undefined) return 'its interface';
  // Several programs, or one that cannot be read, may be ours.
  const carried = link.xdp === undefined ? null : link.xdp.prog?.id;
  const own = await programId(folder.pin('program'));
  return carried === undefined || own === undefined || carried === own ? undefined : 'its program';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
