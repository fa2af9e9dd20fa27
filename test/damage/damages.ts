import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { damageFolder } from './damage.js';
import { judgeStart, type JudgedStart } from './judge-start.js';
import { copyFolder, makeStateFolder } from './state-folder.js';

export interface DamagedRun {
  readonly run: number;
  readonly damage: string;
  readonly first: JudgedStart;
  readonly violations: readonly string[];
}

/** A new folder is made for each so many runs: sizes and places differ. */
const runsPerFolder = 25;

/** Where it is there, memory: it is the logic that is tried, not how fast a disk syncs. */
export const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Damages copies of state folders, starts a ledger on each twice, and judges it. @param seed repeats a run */
export async function* damagedRuns(runs: number, seed: number): AsyncGenerator<DamagedRun> {
  const root = mkdtempSync(join(place, 'trireme-damage-'));
  try {
    for (let first = 0; first < runs; first += runsPerFolder) {
      const random = seededRandom(seed + first);
      const made = await makeStateFolder(mkdtempSync(join(root, 'folder-')), random);
      for (let run = first; run < Math.min(runs, first + runsPerFolder); run++) {
        const folder = join(root, `run-${run}`);
        copyFolder(made.killed, folder);
        const damage = damageFolder(folder, made.earlier, random);
        const judged = await judgeStart(folder, made.truth);
        const violations = [...judged.violations];
        // What was repaired or told of once is not told of again; only a refusal stays one.
        const again = await judgeStart(folder, made.truth);
        if (judged.how === 'refused' ? again.how !== 'refused' : again.how !== 'silent')
          violations.push(`the second start was ${again.how}: ${again.said.join('; ')}`);
        yield { run, damage, first: judged, violations };
        rmSync(folder, { recursive: true, force: true });
      }
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
