import { TriremeError } from '../common/errors.js';
import { AttachmentFolder, type Attachment } from './attachment.js';
import { writeMap } from './bpf-maps.js';
import { lbConfigBytes, parityConfigBytes, type LbConfig } from './config-bytes.js';
import { dropStale, undoAttachment } from './detach.js';
import type { Interruption } from './interruption.js';
import { findPeer, ipv4Addresses, requireLink, xdpModeName, type Link } from './link.js';
import { enterNetns, ownNetns } from './netns.js';
import { objectPath, type ProgramName } from './programs.js';
import { mustRun, runTool, saidBy, type ToolResult } from './tools.js';

export interface AttachOptions extends Pick<
  LbConfig,
  'silentMs' | 'graceMs' | 'reapMs' | 'triesMax' | 'servers' | 'trace'
> {
  readonly program: ProgramName;
  readonly ifname: string;
  readonly mode: 'native' | 'generic';
  /** Port of the filter, or service port of the balancer. */
  readonly port: number;
}

/** What an attachment did, and what its user should know. */
export interface Attached {
  readonly attachment: Attachment;
  readonly notes: readonly string[];
}

const typeOf = { native: 'xdpdrv', generic: 'xdpgeneric' } as const;

/** Loads, configures and attaches a program. What fails half-way, or is interrupted, is undone. */
export async function attach(options: AttachOptions, interruption: Interruption): Promise<Attached> {
  const object = objectPath(options.program);
  const stubObject = objectPath('pass');
  await mustRun('ask bpftool for its version', ['bpftool', 'version']);
  await dropStale();
  const link = await requireLink(options.ifname);
  refuseCarried(link);
  const place = { netns: ownNetns(), ifindex: link.ifindex, ifname: link.ifname };
  let attachment: Attachment = {
    ...place,
    program: options.program,
    mode: options.mode,
    port: options.program === 'pass' ? undefined : options.port,
    workingPid: process.pid,
  };
  const folder = AttachmentFolder.of(place);
  interruption.check();
  folder.create(attachment);
  try {
    const { enter, root: _root } = folder.anchor;
    await mustRun('mount a bpffs', [...enter, 'mount', '-t', 'bpf', 'bpf', folder.mountPoint]);
    interruption.check();
    await load(object, folder, 'program');
    interruption.check();
    if (options.program !== 'pass') {
      const config = await configBytes(options, place.netns);
      await writeMap(folder.pin('maps', `${options.program}_config`), config);
      attachment = { ...attachment, config: config.toString('hex') };
      folder.write(attachment);
    }
    const stub = options.program === 'lb' ? await placeStub(link, folder, attachment, stubObject, options.mode) : {};
    attachment = { ...attachment, stub: stub.stub };
    interruption.check();
    explain(await netAttach([], options.mode, folder.pin('program'), link.ifname), link, options.mode);
    interruption.check();
    attachment = { ...attachment, workingPid: undefined };
    folder.write(attachment);
    return { attachment, notes: stub.note === undefined ? [] : [stub.note] };
  } catch (error) {
    await undoAttachment(folder, folder.read());
    throw error;
  }
}

function refuseCarried(link: Link): void {
  if (link.xdp === undefined) return;
  const { mode, prog } = link.xdp;
  const which = prog === undefined ? 'XDP programs' : `the XDP program '${prog.name ?? '?'}' (id ${prog.id})`;
  throw new TriremeError(
    'JOB_FAILED',
    `${link.ifname} already carries ${which}, ${xdpModeName(mode)}: take it off first ` +
      `(trireme xdp detach --iface ${link.ifname}, or ip link set dev ${link.ifname} xdp off if it is not ours)`,
  );
}

async function load(object: string, folder: AttachmentFolder, name: string): Promise<void> {
  // Maps are pinned with the program: the balancer's timer needs a holder in user space before the first packet.
  const argv = ['bpftool', 'prog', 'load', object, folder.pin(name), 'type', 'xdp', 'pinmaps'];
  await mustRun(`load ${object}`, [...argv, folder.pin(name === 'program' ? 'maps' : `${name}-maps`)]);
}

async function configBytes(options: AttachOptions, netns: number): Promise<Buffer> {
  if (options.program === 'parity') return parityConfigBytes({ ...options, netns });
  return lbConfigBytes({ ...options, netns, addresses: await ipv4Addresses(options.ifname) });
}

function netAttach(
  enter: readonly string[],
  mode: AttachOptions['mode'],
  pin: string,
  ifname: string,
): Promise<ToolResult> {
  return runTool([...enter, 'bpftool', 'net', 'attach', typeOf[mode], 'pinned', pin, 'dev', ifname]);
}

function explain(result: ToolResult, link: Link, mode: AttachOptions['mode']): void {
  if (result.exitCode === 0) return;
  const said = saidBy(result);
  const remedy =
    /not support/.test(said) && mode === 'native' ? ': its driver has no native XDP, use --mode generic' : '';
  throw new TriremeError('JOB_FAILED', `attach to ${link.ifname} in ${mode} mode: ${said}${remedy}`);
}

/**
 * The balancer answers by sending frames back out. A veth takes such frames only when a native program is on its other
 * end too; without one they are lost and only tx_dropped tells. So the pass stub goes there.
 */
async function placeStub(
  link: Link,
  folder: AttachmentFolder,
  attachment: Attachment,
  object: string,
  mode: AttachOptions['mode'],
): Promise<{ stub?: Attachment['stub']; note?: string }> {
  if (mode === 'generic') return {};
  const peer = await findPeer(link);
  if (peer === 'no-veth') return {};
  const byHand = 'run trireme xdp attach pass --iface PEER there, or nothing that the balancer sends will arrive';
  if (peer === 'unreachable')
    return { note: `the veth peer of ${link.ifname} is in a namespace that cannot be reached from here: ${byHand}` };
  const where = `${peer.link.ifname} (namespace ${peer.namespace.label})`;
  if (peer.link.xdp !== undefined) {
    const mode = xdpModeName(peer.link.xdp.mode);
    if (mode === 'native') return { note: `the veth peer ${where} has a native program already, which will do` };
    return { note: `the veth peer ${where} has a ${mode} program, which is not enough: take it off, then ${byHand}` };
  }
  await load(object, folder, 'stub');
  const stub = { netns: peer.namespace.inode, ifindex: peer.link.ifindex, ifname: peer.link.ifname };
  folder.write({ ...attachment, stub });
  const result = await netAttach(enterNetns(peer.namespace), 'native', folder.pin('stub'), stub.ifname);
  if (result.exitCode === 0) return { stub, note: `put the pass stub on the veth peer ${where}` };
  folder.write(attachment);
  return { note: `the pass stub could not be put on the veth peer ${where} (${saidBy(result)}): ${byHand}` };
}
