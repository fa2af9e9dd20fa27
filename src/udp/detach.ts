import { readFileSync } from 'node:fs';
import { AttachmentFolder, type Attachment, type Place } from './attachment.js';
import { listLinks, xdpModeName } from './link.js';
import { enterNetns, findNetns } from './netns.js';
import { runTool, saidBy } from './tools.js';

/** Takes our program from an interface. Another's program stays, and so does the peace when interface or namespace are gone. */
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

/** Drops what killed runs and removed namespaces left: nobody can reach those interfaces any more. */
export async function dropStale(): Promise<void> {
  for (const folder of AttachmentFolder.list()) {
    const attachment = folder.read();
    if (folder.isAbandoned()) await undoAttachment(folder, undefined);
    const abandoned = attachment?.attachingPid !== undefined && !isAlive(attachment.attachingPid);
    if (
      attachment !== undefined &&
      (abandoned || findNetns(attachment.netns) === undefined || (await isGone(attachment)))
    )
      await undoAttachment(folder, attachment);
  }
}

async function isGone(attachment: Attachment): Promise<boolean> {
  const namespace = findNetns(attachment.netns);
  if (namespace === undefined || attachment.attachingPid !== undefined) return false;
  const links = await listLinks(enterNetns(namespace)).catch(() => undefined);
  return (
    links !== undefined &&
    !links.some(({ ifname, ifindex }) => ifname === attachment.ifname && ifindex === attachment.ifindex)
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
