import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TriremeError, type ErrorCode } from '../common/errors.js';
import { kindNumberMax, nameFault, resultBytesMin, timeoutFault, type Kind } from './kind.js';

/** What the file of a kind looks like once compiled. */
const suffix = '.kind.js';

/** The kinds there are, by number. */
export class KindRegistry {
  private readonly byNumber = new Map<number, Kind>();

  /**
   * Refuses a number or a name that is out of bounds or taken.
   * @param code INTERNAL: a wrong kind of this build is a programmer's error
   */
  add(kind: Kind, file: string, code: ErrorCode = 'INTERNAL'): void {
    const wrong = (what: string): TriremeError => new TriremeError(code, `kind ${file}: ${what}`);
    if (typeof kind !== 'object' || kind === null) throw wrong("it must export an object named 'kind'");
    const { number, name } = kind;
    if (!Number.isInteger(number) || number < 1 || number > kindNumberMax) {
      throw wrong(`number ${number} is not a whole number from 1 to ${kindNumberMax}`);
    }
    const unnamed = nameFault(name);
    if (unnamed !== null) throw wrong(`name '${name}' ${unnamed}`);
    if (typeof kind.clientMay !== 'boolean') throw wrong('clientMay must be true or false');
    if (typeof kind.calibrate !== 'function' || typeof kind.run !== 'function') {
      throw wrong('calibrate and run must be functions');
    }
    if (kind.lanes !== undefined && !(Number.isInteger(kind.lanes) && kind.lanes >= 1 && kind.lanes <= 64)) {
      throw wrong(`lanes ${kind.lanes} is not a whole number from 1 to 64`);
    }
    const { resultBytesMax } = kind;
    if (resultBytesMax !== undefined && !(Number.isSafeInteger(resultBytesMax) && resultBytesMax >= resultBytesMin)) {
      throw wrong(`resultBytesMax ${resultBytesMax} is not a whole number from ${resultBytesMin}`);
    }
    const { timeoutSeconds } = kind;
    const untimed = timeoutSeconds === undefined ? null : timeoutFault(timeoutSeconds);
    if (untimed !== null) throw wrong(`timeoutSeconds ${timeoutSeconds} ${untimed}`);
    for (const other of this.byNumber.values()) {
      if (other.number === number && other.name === name)
        throw wrong(`there is a kind ${name} already: give one of them another name`);
      if (other.number === number)
        throw wrong(`number ${number} belongs to ${other.name} already: give one of them another number`);
      if (other.name === name) throw wrong(`name ${name} belongs to number ${other.number} already`);
    }
    this.byNumber.set(number, kind);
  }

  get(number: number): Kind | undefined {
    return this.byNumber.get(number);
  }

  /** All kinds, by number. */
  all(): readonly Kind[] {
    return [...this.byNumber.values()].sort((a, b) => a.number - b.number);
  }
}

// Of the packed program too, which knows the files of its own folder as its modules.
const load: NodeJS.Require = require;

/** Reads a folder and registers every `*.kind.js` in it. Default: the folder of this file. */
export function readKinds(folder: string = __dirname): KindRegistry {
  const registry = new KindRegistry();
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .sort();
  for (const file of files) {
    let loaded: { kind?: Kind };
    try {
      loaded = load(join(folder, file)) as { kind?: Kind };
    } catch (error) {
      throw new TriremeError('INTERNAL', `kind ${file}: cannot be loaded: ${TriremeError.from(error).message}`, {
        cause: error,
      });
    }
    registry.add(loaded.kind as Kind, file);
  }
  return registry;
}

let own: KindRegistry | undefined;

/** The kinds of this build; read once. */
export function kinds(): KindRegistry {
  return (own ??= readKinds());
}
