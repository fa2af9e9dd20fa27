/** Whether a capture's name is a URL that is read over HTTP; all else is the path of a file. */
export function isUrl(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

/**
 * The name as people, logs and results see it: without query, fragment and user. The query of a presigned URL is a
 * secret: whoever has it can read the capture. Names that are no URLs stay as they are.
 */
export function shownName(name: string): string {
  if (!isUrl(name)) return name;
  return name.replace(/[?#].*$/s, '').replace(/^(https?:\/\/)[^/]*@/i, '$1');
}
