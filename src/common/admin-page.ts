/**
 * The live page of a role: the workers and what waits for them, asked for once a second. Values from workers are set as
 * text, never as markup: a worker chooses its own name.
 */
export function adminPage(role: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>trireme ${role}</title>
<style>
  body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; }
  table { border-collapse: collapse; }
  th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #ccc; }
  th:first-child, td:first-child { text-align: left; }
</style>
<h1>trireme ${role}</h1>
<p id="summary">asking ...</p>
<table><thead><tr id="head"></tr></thead><tbody id="rows"></tbody></table>
<p><a href="/metrics">metrics</a> <a href="/readyz">readyz</a> <a href="/api/workers">workers as JSON</a></p>
<script>
  const columns = ['name', 'state', 'slots', 'busy', 'outstanding', 'backlogSeconds', 'windowSeconds', 'roundTripSeconds', 'picks', 'load'];
  const cell = (tag, value) => Object.assign(document.createElement(tag), {
    textContent: typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(3) : String(value),
  });
  document.getElementById('head').append(...columns.map((name) => cell('th', name)));
  async function refresh() {
    try {
      const hub = await (await fetch('/api/workers')).json();
      document.getElementById('summary').textContent =
        hub.workers.length + ' workers, ' + hub.jobsLive + ' jobs live, ' + hub.jobsWaiting + ' of them waiting';
      document.getElementById('rows').replaceChildren(...hub.workers.map((worker) => {
        const row = document.createElement('tr');
        row.append(...columns.map((name) => cell('td', worker[name])));
        return row;
      }));
    } catch (error) {
      document.getElementById('summary').textContent = 'no answer: ' + error.message;
    }
    setTimeout(refresh, 1000);
  }
  refresh();
</script>
</html>
`;
}
