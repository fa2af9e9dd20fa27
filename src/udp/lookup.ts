import { TriremeError } from '../common/errors.js';
import { AttachmentFolder, type Attachment } from './attachment.js';
import { ownNetns } from './netns.js';

export interface Found {
  readonly folder: AttachmentFolder;
  readonly attachment: Attachment;
}

export function listAttachments(): Found[] {
  return AttachmentFolder.list().flatMap((folder) => {
    const attachment = folder.read();
    return attachment === undefined ? [] : [{ folder, attachment }];
  });
}

/**
 * The attachment that a user means: the one on `ifname` in this network namespace, or the only one there. Fails with
 * USAGE and what there is.
 */
export function findAttachment(ifname: string | undefined, programs?: readonly string[]): Found {
  const netns = ownNetns();
  const all = listAttachments();
  const here = all.filter(({ attachment }) => attachment.netns === netns);
  const fitting = here.filter(
    ({ attachment }) =>
      (ifname === undefined || attachment.ifname === ifname) && (programs?.includes(attachment.program) ?? true),
  );
  if (fitting.length === 1) return fitting[0];
  const there = here.map(({ attachment }) => `${attachment.program} on ${attachment.ifname}`).join(', ');
  const elsewhere = all.length - here.length;
  const others = elsewhere > 0 ? ` (${elsewhere} in other network namespaces: nsenter --net=/run/netns/NAME)` : '';
  const what = `${programs?.join(' or ') ?? 'program'} of this project`;
  if (fitting.length > 1) throw new TriremeError('USAGE', `name one with --iface: there are ${there}`);
  throw new TriremeError(
    'USAGE',
    ifname === undefined
      ? `no ${what} is attached in this network namespace${there === '' ? '' : `; there is ${there}`}${others}: run trireme xdp attach`
      : `--iface: no ${what} is attached to '${ifname}' in this network namespace${there === '' ? '' : `; there is ${there}`}${others}`,
  );
}
