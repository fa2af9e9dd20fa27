/** What OpenSSL says, without the codes, functions and lines of its own source that it wraps around it. */
export function plainWords(message: string): string {
  return message
    .replace(/[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):[^\s:]*:\d+:(SSL alert number \d+)?/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}
