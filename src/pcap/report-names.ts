import { TriremeError } from '../common/errors.js';
import type { Kernel } from './kernel.js';
import type { CaptureFacts } from './report-types.js';

/** What was told of names, and what each endpoint was called. */
export function namesOf(
  kernel: Kernel,
  endpoints: Pick<CaptureFacts, 'endpoints_total' | 'endpoints'>,
  top: number,
): Pick<CaptureFacts, 'endpoints_total' | 'endpoints' | 'names'> {
  kernel.takeNames();
  if (kernel.names === null) throw new TriremeError('INTERNAL', 'names were not asked for');
  const { machine } = kernel.names;
  // Loaded only here: most analyses ask for no names.
  const { mostCalled, namesFacts } = require('./names/facts.js') as typeof import('./names/facts.js');
  const called = mostCalled(machine);
  return {
    ...endpoints,
    endpoints: endpoints.endpoints.map((row) => ({ ...row, name: called.get(row.address) ?? null })),
    names: namesFacts(machine, top),
  };
}
