import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { TriremeError } from '../common/errors.js';
import type { Attachment } from './attachment.js';

/**
 * Reads the kernel's trace in an instance of its own, so that it takes no line from another reader, in a
 * mount namespace of its own, so that it needs no mounted tracefs and leaves none. It ends when its input
 * does, whatever ended us, and removes the instance; instances that a crash of the machine's making left are
 * removed by the next reader.
 */
const readerScript = `
T=/sys/kernel/tracing
[ -e $T/trace_pipe ] || mount -t tracefs tracefs $T || exit 3
find $T/instances -maxdepth 1 -name 'trireme-*' -mmin +1 -exec rmdir {} \\; 2>/dev/null
I=$T/instances/$1
P=$I/trace_pipe
if mkdir $I 2>/dev/null; then echo 1 > $I/events/bpf_trace/bpf_trace_printk/enable || P=; else P=$T/trace_pipe; fi
cat $P & reader=$!
echo ready
read -r _
kill $reader 2>/dev/null
wait $reader 2>/dev/null
[ -d $I ] && rmdir $I
exit 0
`;

/** A running reader of trace lines. */
export interface TraceReader {
  /** Ends the reader and waits until nothing of it is left. */
  close(): Promise<void>;
}

/** The text of a program's line in the trace, or nothing for lines of others. */
export function traceText(line: string, { program, netns }: Pick<Attachment, 'program' | 'netns'>): string | undefined {
  const text = /bpf_trace_printk: (.*)$/.exec(line)?.[1];
  return text?.startsWith(`trireme ${program} netns=${netns >>> 0}`) ? text : undefined;
}

/** Starts reading; resolves once lines can arrive. */
export async function readTrace(
  about: Pick<Attachment, 'program' | 'netns'>,
  onText: (text: string) => void,
): Promise<TraceReader> {
  const name = `trireme-${process.pid}-${randomBytes(4).toString('hex')}`;
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', readerScript, 'sh', name], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', () => resolve());
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-500)));
  child.stdin.on('error', () => undefined);
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') return resolve(true);
      const text = traceText(line, about);
      if (text !== undefined) onText(text);
    });
    void ended.then(() => resolve(false));
  });
  if (!(await ready))
    throw new TriremeError('JOB_FAILED', `the kernel's trace cannot be read: ${said.trim() || 'no tracefs'}`);
  return {
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
