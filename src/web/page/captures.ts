import type { EndedAnalysis, LiveDocument } from '../../hub/watch/live/types.js';
import { byId, element, KeyedList, setAttributes, setText } from '../dom.js';
import { formatBytes, formatClock } from '../format.js';
import { ask, send, type AnalysisAnswer } from './asking.js';

const stateClass: Readonly<Record<string, string>> = { done: 'good', failed: 'bad', cancelled: 'warn' };

/**
 * Takes captures for the master, and shows what became of them: the analyses that have ended, and the report of one.
 */
export class Captures {
  private readonly form = byId<HTMLFormElement>('ask');
  private readonly chooser = byId<HTMLInputElement>('files');
  private readonly path = byId<HTMLInputElement>('path');
  private readonly progress = byId<HTMLProgressElement>('sending-progress');
  private readonly frame = byId<HTMLIFrameElement>('report-frame');
  /** Analyses that were asked for here, and have not ended. */
  private readonly own = new Set<string>();
  /** Files that wait for the one that is sent. */
  private readonly waiting: File[] = [];
  private stop: (() => void) | null = null;
  private shownId = '';
  private readonly list = new KeyedList<EndedAnalysis, HTMLLIElement>(
    byId('ended-list'),
    (analysis) => this.make(analysis),
    () => undefined,
  );

  /** @param say tells screen readers */
  constructor(private readonly say: (words: string) => void) {
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.analysePath();
    });
    this.chooser.addEventListener('change', () => {
      this.take([...(this.chooser.files ?? [])]);
      // The same file may be chosen again.
      this.chooser.value = '';
    });
    byId('sending-stop').addEventListener('click', () => {
      this.waiting.length = 0;
      this.stop?.();
      this.chooser.focus();
    });
    byId('report-close').addEventListener('click', () => this.closeReport());
    this.takeDrops();
  }

  show({ ended, takesCaptures }: Pick<LiveDocument, 'ended' | 'takesCaptures'>): void {
    this.form.hidden = !takesCaptures;
    byId('ended').hidden = ended === null || ended.length === 0;
    if (ended === null) return;
    this.list.show(ended, ({ id, state }) => `${id} ${state}`);
    for (const analysis of ended) if (this.own.delete(analysis.id)) this.endedHere(analysis);
  }

  /** Ends an analysis that runs. */
  async cancel(id: string, file: string): Promise<void> {
    try {
      const { analysis } = await ask(`/api/analyses/${id}/cancel`);
      this.tell(`${file}: ${analysis.state}`);
    } catch (error) {
      this.tell(`${file} was not cancelled: ${(error as Error).message}`);
    }
  }

  private take(files: readonly File[]): void {
    this.waiting.push(...files);
    if (this.stop === null) void this.sendAll();
  }

  /** One after the other: together they would be no faster. */
  private async sendAll(): Promise<void> {
    for (let file = this.waiting.shift(); file !== undefined; file = this.waiting.shift()) {
      const { name, size } = file;
      const query = new URLSearchParams({ name, ...this.asked() });
      let quarter = 0;
      const onBytes = (bytes: number): void => {
        this.progress.value = size === 0 ? 1 : bytes / size;
        setText(byId('sending-facts'), `${formatBytes(bytes)} of ${formatBytes(size)}`);
        const now = Math.floor((4 * bytes) / Math.max(1, size));
        if (now > quarter && now < 4) this.say(`${name}: ${25 * now} % sent`);
        quarter = now;
      };
      setText(byId('sending-name'), `Sending ${name}`);
      onBytes(0);
      byId('sending').hidden = false;
      this.tell('');
      const { answer, stop } = send(`/api/captures?${query.toString()}`, file, onBytes);
      this.stop = stop;
      try {
        this.submitted(await answer);
      } catch (error) {
        this.tell(`${name} was not analysed: ${(error as Error).message}`);
      }
    }
    this.stop = null;
    byId('sending').hidden = true;
  }

  private async analysePath(): Promise<void> {
    const path = this.path.value.trim();
    if (path === '') {
      this.tell('Name a capture that the master may read, or choose a file to send.');
      this.path.focus();
      return;
    }
    this.tell('');
    try {
      this.submitted(await ask('/api/analyses', { path, ...this.asked() }));
      this.path.value = '';
    } catch (error) {
      this.tell(`${path} was not analysed: ${(error as Error).message}`);
    }
  }

  /** What is asked of a capture beside its name. */
  private asked(): Record<string, string> {
    const filter = byId<HTMLInputElement>('filter').value.trim();
    const ticked = ['tcp', 'names'].filter((name) => byId<HTMLInputElement>(name).checked);
    return { ...(filter === '' ? {} : { filter }), ...Object.fromEntries(ticked.map((name) => [name, 'true'])) };
  }

  private submitted({ analysis: { id, name } }: AnalysisAnswer): void {
    this.own.add(id);
    this.tell(`${name} is analysis ${id}`);
  }

  private endedHere(analysis: EndedAnalysis): void {
    const { file, state, error } = analysis;
    this.tell(error === '' ? `${file}: the report is below` : `${file}: ${state}: ${error}`);
    if (state === 'done') this.openReport(analysis);
  }

  /** On the page, and to screen readers: the element is a status. */
  private tell(words: string): void {
    setText(byId('said'), words);
  }

  private make(analysis: EndedAnalysis): HTMLLIElement {
    const { id, file, filter, state, bytes, endedMs, error } = analysis;
    const facts = [formatBytes(bytes), filter === '' ? '' : `filter: ${filter}`, `ended ${formatClock(endedMs)}`];
    const head = element(
      'div',
      { class: 'analysis-head' },
      element('h4', { title: file }, file),
      element('span', { class: 'soft small mono' }, id),
      element('span', { class: `badge ${stateClass[state] ?? ''}` }, state),
      element('p', { class: 'analysis-facts' }, facts.filter((fact) => fact !== '').join(' · ')),
    );
    const node = element('li', {}, head, error === '' ? null : element('p', { class: 'soft small' }, error));
    if (state !== 'done') return node;
    const open = element('button', { type: 'button', 'aria-label': `Show the report of ${file}` }, 'Show the report');
    open.addEventListener('click', () => {
      this.openReport(analysis);
      byId('report-title').focus();
    });
    const links = ['json', 'csv', 'html'].map((form) => {
      const name = form.toUpperCase();
      const href = `/api/analyses/${id}/report.${form}`;
      return element('a', { href, download: '', 'aria-label': `Download ${file} as ${name}` }, name);
    });
    node.append(element('p', { class: 'analysis-acts' }, open, 'Download:', ...links));
    return node;
  }

  private openReport({ id, file }: EndedAnalysis): void {
    byId('report-view').hidden = false;
    setText(byId('report-title'), `Report of ${file}`);
    setAttributes(this.frame, { title: `Report of ${file}` });
    if (this.shownId !== id) this.frame.src = `/api/analyses/${id}/report`;
    this.shownId = id;
  }

  private closeReport(): void {
    byId('report-view').hidden = true;
    this.frame.removeAttribute('src');
    this.shownId = '';
    byId('analyses-title').focus();
  }

  /** A capture may be dropped anywhere; what is no file is left to the browser. */
  private takeDrops(): void {
    const carriesFiles = ({ dataTransfer }: DragEvent): boolean =>
      dataTransfer?.types.includes('Files') === true && !this.form.hidden;
    document.addEventListener('dragover', (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.form.classList.add('over');
    });
    document.addEventListener('dragleave', ({ relatedTarget }) => {
      if (relatedTarget === null) this.form.classList.remove('over');
    });
    document.addEventListener('drop', (event) => {
      this.form.classList.remove('over');
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.take([...(event.dataTransfer?.files ?? [])]);
    });
  }
}
