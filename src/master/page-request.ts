import { TriremeError } from '../common/errors.js';
import { durationNs, timeNs } from '../common/options.js';
import { pairedConversationsMax, scanIntervalNs } from '../pcap/asked-report.js';
import { boundsOf } from '../pcap/time-bounds.js';
import { compileRequest, type AnalysisRequest } from './request.js';

/** What an analysis may be asked over HTTP, in the words of `trireme analyze`. */
const fieldNames: readonly string[] =
  'name path filter filter-tags client server after before interval top sort tcp names inner'.split(' ');

/** What was said, by the name of the field. */
export type PageFields = ReadonlyMap<string, string>;

/** @throws TriremeError USAGE for what is no field, is there twice, or is neither text, number nor truth */
export function pageFields(given: Iterable<readonly [string, unknown]>): PageFields {
  const fields = new Map<string, string>();
  for (const [name, value] of given) {
    if (!fieldNames.includes(name))
      throw usage(`'${name.slice(0, 64)}' is no field: there are ${fieldNames.join(', ')}`);
    if (fields.has(name)) throw usage(`'${name}' was said twice: say it once`);
    if (!['string', 'number', 'boolean'].includes(typeof value))
      throw usage(`'${name}' is neither text nor a number nor true or false`);
    if (value !== '') fields.set(name, String(value));
  }
  return fields;
}

/**
 * The request that these fields make, with the rows and the series that a report needs. Nobody waits for the
 * result: it is shown, and may be fetched, as long as it is kept.
 * @throws TriremeError USAGE that names the field, its value and its bound
 */
export function pageRequest(fields: PageFields, path: string, keepMs: number): AnalysisRequest {
  const text = (name: string): string => fields.get(name) ?? '';
  const isTrue = (name: string): boolean => {
    const said = text(name);
    if (!['', 'true', 'false'].includes(said)) throw usage(`${name} '${said}' is neither true nor false`);
    return said === 'true';
  };
  const [after, before] = [parsed(fields, 'after', timeNs), parsed(fields, 'before', timeNs)];
  const request = compileRequest(
    {
      path,
      identity: undefined,
      name: text('name'),
      detach: true,
      waitMs: 0,
      options: {
        ...{ client: text('client'), server: text('server'), filter: text('filter'), filterTags: text('filter-tags') },
        top: fields.has('top') ? Number(text('top')) : 0,
        sort: text('sort'),
        intervalNs: parsed(fields, 'interval', durationNs(0n, 1n << 100n)) ?? scanIntervalNs,
        conversationsMax: 0,
        ...boundsOf({ after: after ?? null, before: before ?? null }),
        ...{ inner: isTrue('inner'), tcp: isTrue('tcp'), names: isTrue('names') },
      },
    },
    keepMs,
  );
  return { ...request, top: Math.max(request.top, pairedConversationsMax) };
}

function parsed<T>(fields: PageFields, name: string, parse: (text: string) => T): T | undefined {
  const said = fields.get(name);
  try {
    return said === undefined ? undefined : parse(said);
  } catch (error) {
    throw usage(`${name}: ${TriremeError.from(error).message}`);
  }
}

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);
