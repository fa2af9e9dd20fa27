import type { Kernel } from './kernel.js';
import { cells } from './partial-layout.js';
import { exactCount } from './report-total.js';
import type { ConversationsLimit, EndpointsLimit } from './report-types.js';
import type { Count } from './types.js';

const allKept = 1n << 32n;

/** Whether anything is not in the table because it was full. */
export function isFull(kernel: Kernel): boolean {
  return kernel.cell(cells.thresholds) !== allKept || kernel.cell(cells.thresholds + 1) !== allKept;
}

/** What a report says of a table that was full; nothing of another. To be asked when the rows are ranked. */
export function limitFacts(
  kernel: Kernel,
  limit: number,
): { conversations_limit?: ConversationsLimit; endpoints_limit?: EndpointsLimit } {
  if (!isFull(kernel)) return {};
  const { exports } = kernel;
  const share = (cell: number): number => Number(kernel.cell(cell)) / 2 ** 32;
  const most = (place: number): Count =>
    exactCount(kernel.view.getBigUint64(exports.untoldBounds.value + 8 * place, true));
  return {
    conversations_limit: {
      limit,
      share_kept: share(cells.thresholds),
      share_kept_pairs: share(cells.thresholds + 1),
      packets_not_in_table: exactCount(kernel.cell(cells.droppedPackets)),
      bytes_not_in_table: exactCount(kernel.cell(cells.droppedBytes)),
      heavy: exports.heavyConversationsCount.value,
      unlisted_packets_max: most(0),
      unlisted_bytes_max: most(1),
    },
    ...(kernel.cell(cells.addressThreshold) === allKept
      ? {}
      : {
          endpoints_limit: {
            limit: exports.leftAddressesMax(),
            share_kept: share(cells.addressThreshold),
            heavy: exports.heavyAddressesCount.value,
            unlisted_packets_max: most(2),
            unlisted_bytes_max: most(3),
          },
        }),
  };
}
