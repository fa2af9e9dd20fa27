import { ScreenBuffer, terminal } from 'terminal-kit';
import type { TriremeError } from '../common/errors.js';
import { forTerminal } from '../common/for-terminal.js';
import { costLines } from './costs.js';
import { columns, sortRows, tableLines, type TableLine } from './columns.js';
import { notDoneLine, summary } from './once.js';
import { Rates, type WorkerList } from './rates.js';
import type { WorkerWatch } from './watch.js';

/** Time between two tries to reach a hub that was lost; short, because somebody watches. */
const redialMs = 1000;

/** Colours of states; the words are there as well, so none is needed. */
const stateColors: Readonly<Record<string, string>> = {
  SERVING: 'green',
  DRAINING: 'yellow',
  SILENT: 'red',
  SUSPENDED: 'red',
  QUARANTINED: 'red',
};

/**
 * The view that follows a hub until q, Ctrl-C or a signal. Resolves at the end; rejects with the first error
 * when the hub could not be reached at all. The terminal is left as it was, whatever happens.
 */
export function liveView(watch: WorkerWatch, intervalMs: number, sort: string, costs: boolean): Promise<void> {
  const view = new LiveView(watch, intervalMs, sort, costs);
  return view.run();
}

class LiveView {
  private screen = this.newScreen();
  private rates = new Rates();
  private list: WorkerList | null = null;
  private lost: string | null = null;
  private first = 0;
  private stopWatch: () => void = () => undefined;
  private redial: NodeJS.Timeout | undefined;

  constructor(
    private readonly watch: WorkerWatch,
    private readonly intervalMs: number,
    private sort: string,
    /** What kinds cost on each worker is shown in place of the workers. */
    private costs: boolean,
  ) {}

  run(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const finish = (error?: TriremeError): void => {
        this.stopWatch();
        clearTimeout(this.redial);
        for (const signal of signals) process.off(signal, onSignal);
        this.leave();
        if (error === undefined) resolve();
        else reject(error);
      };
      const onSignal = (): void => finish();
      for (const signal of signals) process.once(signal, onSignal);
      terminal.fullscreen(true);
      terminal.hideCursor();
      terminal.grabInput(true);
      terminal.on('key', (key: string) => (isQuit(key) ? finish() : this.press(key)));
      terminal.on('resize', () => {
        terminal.clear();
        this.screen = this.newScreen();
        this.draw();
      });
      this.draw();
      this.dial(finish);
    });
  }

  private dial(fail: (error: TriremeError) => void): void {
    this.stopWatch = this.watch.start(
      this.intervalMs,
      (list) => {
        this.list = this.rates.take(list, performance.now());
        this.lost = null;
        this.draw();
      },
      (error) => {
        // A hub that never answered is a mistake in the command; one that did may come back.
        if (this.list === null || error.code === 'UNAUTHENTICATED' || error.code === 'NOT_ALLOWED') return fail(error);
        this.lost = error.message;
        this.rates = new Rates();
        this.draw();
        this.redial = setTimeout(() => this.dial(fail), redialMs);
      },
    );
  }

  private leave(): void {
    terminal.grabInput(false);
    terminal.hideCursor(false);
    terminal.styleReset();
    terminal.fullscreen(false);
  }

  private newScreen(): ScreenBuffer {
    return new ScreenBuffer({ dst: terminal, width: terminal.width, height: terminal.height, noFill: false });
  }

  private press(key: string): void {
    const at = columns.findIndex((column) => column.key === this.sort);
    const rows = this.list?.rows.reduce((all, { worker }) => all + (this.costs ? worker.kinds.length : 1), 0) ?? 0;
    if (key === 'RIGHT' || key === 's') this.sort = columns[(at + 1) % columns.length].key;
    else if (key === 'LEFT' || key === 'S') this.sort = columns[(at + columns.length - 1) % columns.length].key;
    else if (key === 'c') [this.costs, this.first] = [!this.costs, 0];
    else if (key === 'DOWN') this.first = Math.min(this.first + 1, Math.max(0, rows - 1));
    else if (key === 'UP') this.first = Math.max(0, this.first - 1);
    else return;
    this.draw();
  }

  private draw(): void {
    const { screen, list } = this;
    const { width, height } = screen;
    screen.fill({ char: ' ', attr: { defaultColor: true, bgDefaultColor: true } });
    const put = (y: number, text: string, attr: object = {}): void => {
      if (y < 0 || y >= height) return;
      const plain = { defaultColor: true, bgDefaultColor: true, ...attr };
      screen.put({ x: 0, y, attr: plain, wrap: false, dx: 1, dy: 0 }, text.slice(0, width).padEnd(width));
    };
    put(0, list === null ? `${this.watch.name}: asking ...` : summary(this.watch.name, list), { bold: true });
    const asked = `by ${this.sort}; every ${this.intervalMs / 1000} s`;
    const told = list === null ? null : notDoneLine(list);
    if (this.lost !== null) put(1, `lost, trying again: ${forTerminal(this.lost)}`, { color: 'red' });
    else put(1, told === null ? asked : `${asked}; ${told}`, { dim: true });
    if (list !== null) {
      const sorted = sortRows(list.rows, this.sort);
      const [head, ...lines] = this.costs ? costLines(sorted, width) : tableLines(sorted, width, Date.now());
      put(2, head.text, { inverse: true });
      const room = Math.max(0, height - 4);
      this.first = Math.min(this.first, Math.max(0, lines.length - room));
      const shown = lines.slice(this.first, this.first + room);
      for (const [i, line] of shown.entries()) put(3 + i, line.text, attrOf(line));
      if (lines.length === 0) put(3, 'no worker is attached');
      const rest =
        lines.length > shown.length ? `${this.first + 1} to ${this.first + shown.length} of ${lines.length}; ` : '';
      put(height - 1, `${rest}q quits, left and right choose the order, up and down scroll, c shows costs`, {
        dim: true,
      });
    }
    screen.draw({ delta: true });
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function isQuit(key: string): boolean {
  return key === 'q' || key === 'Q' || key === 'CTRL_C' || key === 'ESCAPE';
}

function attrOf({ row }: TableLine): object {
  const color = stateColors[row?.worker.state ?? ''];
  return color === undefined || color === 'green' ? {} : { color };
}
