/* global document */
// Asks the --http port of a load balancer for a job: Connect is JSON over HTTP, so fetch is all it needs. The load balancer must
// be told the origin of this page: trireme lb --http 127.0.0.1:8051 --http-origin http://localhost:8000

/** Runs one job. @returns its answer @throws Error with the code, the message and what the details say */
export async function runJob(base, kindName, token) {
  const headers = { 'content-type': 'application/json', 'connect-timeout-ms': '30000' };
  if (token !== '') headers.authorization = `Bearer ${token}`;
  const response = await fetch(`${base}/trireme.v1.JobService/RunJob`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ kindName }),
  });
  const said = await response.json();
  if (response.ok) return said;
  const details = (said.details ?? []).map(({ type, debug }) => ` (${type} ${JSON.stringify(debug)})`);
  throw new Error(`${said.code}: ${said.message}${details.join('')}`);
}

const form = document.getElementById('ask');
const output = document.getElementById('answer');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { base, kind, token } = form.elements;
  output.value = '...';
  try {
    const { result, worker } = await runJob(base.value, kind.value, token.value);
    output.value = `${result} by ${worker}`;
  } catch (error) {
    output.value = error.message;
  }
});
