import { Registry, type Metric } from 'prom-client';

/** What Prometheus asks for first when it also wants exemplars, which the classic text does not have. */
export const openMetricsType = Registry.OPENMETRICS_CONTENT_TYPE;

/** Whether who asks takes OpenMetrics 1.0, and no less gladly than plain text. @param accept header of the request */
export function wantsOpenMetrics(accept = ''): boolean {
  let open = 0;
  let plain = 0;
  for (const range of accept.split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const of = (name: string): string | undefined =>
      parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
    const weight = Number(of('q') ?? 1);
    const version = of('version');
    if (type === 'application/openmetrics-text' && (version ?? '1.0.0') === '1.0.0') open = Math.max(open, weight);
    if (type === 'text/plain') plain = Math.max(plain, weight);
  }
  return open > 0 && open >= plain;
}

/**
 * All metrics as OpenMetrics, with exemplars. A registry of this type names counters anew in place, after
 * which the classic text would call them without `_total`: so it is given stand-ins, for this one answer.
 */
export async function openMetrics(registry: Registry): Promise<string> {
  const open = new Registry<typeof openMetricsType>();
  open.setContentType(openMetricsType);
  for (const metric of registry.getMetricsAsArray() as unknown as ReadableMetric[]) {
    const family = metric.type === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
    const get = async (): Promise<object> => ({
      ...(await (metric.getForPromString?.() ?? metric.get())),
      name: family,
    });
    open.registerMetric({ name: family, type: metric.type, get } as unknown as Metric);
  }
  return open.metrics();
}

interface ReadableMetric {
  readonly name: string;
  readonly type: string;
  get(): Promise<object>;
  getForPromString?(): Promise<object>;
}
