// What `import type { Kind } from 'trireme/kind'` gives: how a kind of job of one's own is written. See docs/KINDS.md.
export type { Answer, FolderKind as Kind, Job } from '../kinds/folder-kind.js';
